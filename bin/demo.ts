/**
 * `npm run demo`: starts the embedded platform in SLIPWAY_HOME/demo, emptied first, and runs the main job on it.
 * `-- --keep` leaves the platform up until Ctrl-C.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { runMainJob, type MainJobResult } from '../local/demo/main-job.ts';
import { restClient } from '../local/demo/rest-client.ts';
import { obtainToken } from '../local/issuer/obtain-token.ts';
import { startPlatform, type Platform } from '../local/platform/platform.ts';
import { whereToLook } from '../local/platform/where-to-look.ts';
import { readConfig, type Config } from './config.ts';

const keep = process.argv.includes('--keep');
const began = Date.now();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

try {
  const config = readConfig({ ...process.env, SLIPWAY_HOME: join(process.env.SLIPWAY_HOME || '.slipway', 'demo') });
  say('Slipway demo: everything runs on this machine, with real engines.');
  say(`▸ Start the platform in ${config.home} (emptied first)`);
  await withPlatform(config, async (platform) => {
    say(`  ${seconds(began)} since the start`);
    say('▸ Get a token of the embedded issuer (tenant connectsoft)');
    const token = await obtainToken({ home: config.home, issuer: config.oidc.issuer, subject: 'demo' });
    const rest = restClient(`http://127.0.0.1:${config.ports.rest}`, token);
    const result = await runMainJob({ rest, tenantId: 'connectsoft', say });
    tell(result, platform);
    if (keep) await untilStopped();
  });
} catch (error) {
  process.exitCode = 1;
  console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
}

async function withPlatform(config: Config, work: (platform: Platform) => Promise<void>): Promise<void> {
  await empty(config);
  const platform = await startPlatform({
    config,
    onProgress: (line) => say(`  ${line}`),
    signal: stop.signal,
    durable: false,
  });
  stop.signal.addEventListener('abort', () => void platform.stop());
  try {
    await work(platform);
  } finally {
    await platform.stop();
    say('Everything it started has stopped.');
  }
}

/** Empties the demo's home. What a killed demo left running is adopted first and stopped, replicas included. */
async function empty(config: Config): Promise<void> {
  if (existsSync(join(config.home, 'run', 'supervisor.json'))) {
    say('  an earlier demo was killed: what it left is stopped first');
    const left = await startPlatform({ config, onProgress: () => undefined, parts: ['supervisor'] });
    await left.stop();
  }
  rmSync(config.home, { recursive: true, force: true, maxRetries: 5 });
}

function tell({ environment, deployments, load }: MainJobResult, { config }: Platform): void {
  const ui = `http://127.0.0.1:${config.ports.temporalUi}/namespaces/${config.temporal.namespace}/workflows`;
  show(`GET /v1/runtime/environments/${environment.environmentId}`, environment);
  for (const { history, ...deployment } of deployments) {
    show(`GET /v1/runtime/deployments/${deployment.deploymentId}`, {
      ...deployment,
      history: `${history.length} entries`,
    });
    say(`  in the Temporal UI: ${ui}/${deployment.operationId}`);
  }
  say('');
  const versions = Object.entries(load.versions).map(([version, count]) => `${count} by ${version}`);
  say(`Requests under load: ${load.answered} answered (${versions.join(', ')}), ${load.failures.length} failed.`);
  say('Where to look:');
  say(whereToLook(config));
  say(`The whole demo took ${seconds(began)}.`);
}

function show(what: string, answer: unknown): void {
  say('');
  say(what);
  say(inspect(answer, { depth: 6, breakLength: 116, compact: 4, colors: process.stdout.isTTY }));
}

async function untilStopped(): Promise<void> {
  say('The platform stays up; Ctrl-C stops it.');
  await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

function say(line: string): void {
  console.log(line);
}
