import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Engine } from './engine.ts';
import type { FindEngineOptions } from './find-engine.ts';

const TICK_MS = 20_000;
const KEPT_OUTPUT = 2_000;

/** Builds the pinned engine with Go from its module in `tools/` into a folder; minutes on a cold cache. @throws Error one reason */
export async function buildEngine(engine: Engine, into: string, options: FindEngineOptions): Promise<void> {
  const { onProgress } = options;
  const output = join(into, engine.binary);
  mkdirSync(dirname(output), { recursive: true });
  const began = Date.now();
  onProgress(`Building ${engine.title} ${engine.version} with Go (once per machine; some minutes) …`);
  const ticker = setInterval(() => onProgress(`… still building ${engine.title}, ${elapsed(began)}`), TICK_MS);
  try {
    await runGo(engine, output, options);
  } catch (error) {
    onProgress(`${(error as Error).message}.`);
    throw error;
  } finally {
    clearInterval(ticker);
  }
  onProgress(`${engine.title} ${engine.version} is built (${elapsed(began)}).`);
}

function runGo(engine: Engine, output: string, { env, toolsFolder, signal }: FindEngineOptions): Promise<void> {
  const args = ['build', '-trimpath', '-mod=readonly', '-ldflags', engine.build.ldflags, '-o', output];
  return new Promise((settle, fail) => {
    const child = spawn('go', [...args, engine.build.package], {
      cwd: join(toolsFolder, engine.name),
      env: { ...env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
      // Stopping is ours to do: Ctrl-C arrives as the abort signal.
      signal,
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-KEPT_OUTPUT)));
    child.once('error', (error: NodeJS.ErrnoException) =>
      fail(new Error(error.code === 'ENOENT' ? 'Go is not installed' : `Go could not build it: ${error.message}`)),
    );
    child.once('close', (code) =>
      code === 0
        ? settle()
        : fail(new Error(`Go could not build it: ${said.trim().split('\n').at(-1) ?? `exit ${code}`}`)),
    );
  });
}

function elapsed(since: number): string {
  const seconds = Math.round((Date.now() - since) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
