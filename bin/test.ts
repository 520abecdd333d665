/**
 * `npm test [-- vitest's arguments]`: finds the engines first, so that no test waits for a build, then runs the suite in
 * a temporary folder of its own, and leaves neither the folder nor a process behind.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { OASDIFF, OPA, PULUMI, TEMPORAL, type Engine } from '../local/engines/engine.ts';
import { findEngine } from '../local/engines/find-engine.ts';
import { killProcessesUnder } from '../local/engines/processes-under.ts';
import { pulumiRootOf } from '../local/engines/pulumi-root.ts';

/** What is said about a platform elsewhere must not reach the suite, which brings every part itself. */
const OF_A_PLATFORM = /^(DATABASE_URL$|(SLIPWAY|TEMPORAL|OIDC|PULUMI|GOVERNANCE|OPA|OASDIFF)_)/;

const root = resolve(import.meta.dirname, '..');
const given = process.env;
const stop = new AbortController();
let running: ReturnType<typeof spawn> | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stop.abort();
    running?.kill('SIGTERM');
  });
}

// Short: homes of platforms are made inside it.
const folder = mkdtempSync(join(tmpdir(), 'slt-'));
try {
  const temporal = await find(TEMPORAL);
  const explicit = given.SLIPWAY_PULUMI_ROOT && join(given.SLIPWAY_PULUMI_ROOT, PULUMI.binary);
  const pulumi = await find(PULUMI, given[PULUMI.variable] || explicit);
  process.exitCode = await runSuite({
    [OASDIFF.variable]: await find(OASDIFF),
    [OPA.variable]: await find(OPA),
    [TEMPORAL.variable]: temporal,
    [PULUMI.variable]: join(pulumiRootOf(pulumi, folder), PULUMI.binary),
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  // After an orderly run there are none; a run that was stopped or timed out may have left some.
  await killProcessesUnder(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function find(engine: Engine, explicit = given[engine.variable]): Promise<string> {
  const path = await findEngine(engine, {
    env: { ...given, [engine.variable]: explicit },
    toolsFolder: join(root, 'tools'),
    onProgress: (sentence) => console.log(sentence),
    signal: stop.signal,
  });
  console.log(`${engine.title}: ${path}`);
  return path;
}

/** @returns vitest's exit code, or 128 and the number of the signal that ended it. */
async function runSuite(engines: Record<string, string>): Promise<number> {
  if (stop.signal.aborted) return 130;
  const env = Object.fromEntries(Object.entries(given).filter(([name]) => !OF_A_PLATFORM.test(name)));
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
    cwd: root,
    env: { ...env, ...engines, TMPDIR: folder },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  running = child;
  return await new Promise((settle, fail) => {
    child.once('error', fail);
    child.once('exit', (code, signal) => settle(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
}
