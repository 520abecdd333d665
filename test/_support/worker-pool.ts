/** So many workers of a platform, each replaced when it dies. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { childEnvironment } from '../../local/platform/child-environment.ts';
import { cacheHomeOf } from '../../local/engines/cache.ts';
import { notePolling } from './faults.ts';
import type { TestPlatform } from './platform.ts';
import { until } from './until.ts';

export interface WorkerPool extends AsyncDisposable {
  /** Those that poll now. */
  polling(): number;
  /** Deaths that nobody had ordered. */
  faults: string[];
}

const FAULTY_WORKER = join(import.meta.dirname, 'faulty-worker.ts');
/** As long as a worker drains, and a moment. */
const END_MS = 20_000;

/** Resolves when all of them poll. The platform's own worker should be stopped. @param folder of `faults.ts` */
export async function openWorkerPool(
  { config }: TestPlatform,
  { size, folder }: { size: number; folder: string },
): Promise<WorkerPool> {
  const env = {
    ...childEnvironment(config),
    DATABASE_URL: config.databaseUrl,
    NODE_COMPILE_CACHE: join(cacheHomeOf(config.env), 'slipway', 'node'),
  };
  const living = new Set<ChildProcess>();
  const polling = new Set<ChildProcess>();
  const faults: string[] = [];
  let closing = false;

  const start = () => {
    const child = fork(FAULTY_WORKER, [folder], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${String(chunk)}`.slice(-4_000)));
    living.add(child);
    child.once('message', () => {
      polling.add(child);
      notePolling(folder, polling.size);
    });
    child.once('exit', (code, signal) => {
      living.delete(child);
      polling.delete(child);
      notePolling(folder, polling.size);
      if (closing) return;
      // It kills itself by SIGKILL, and in no other way.
      if (signal !== 'SIGKILL') faults.push(`a worker ended with ${signal ?? code}: ${said}`);
      start();
    });
  };
  for (let count = 0; count < size; count += 1) start();
  const pool: WorkerPool = {
    polling: () => polling.size,
    faults,
    async [Symbol.asyncDispose]() {
      closing = true;
      const late = setTimeout(() => [...living].forEach((child) => child.kill('SIGKILL')), END_MS);
      const ends = [...living].map(async (child) => {
        const ended = once(child, 'exit');
        if (child.connected) child.disconnect();
        await ended;
      });
      await Promise.all(ends);
      clearTimeout(late);
    },
  };
  await until(() => polling.size === size, { what: `${size} workers to poll`, timeoutMs: 120_000 }).catch(
    async (error: unknown) => {
      await pool[Symbol.asyncDispose]();
      throw faults[0] === undefined ? error : new Error(faults[0], { cause: error });
    },
  );
  return pool;
}
