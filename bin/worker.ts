/** A worker: runs the workflows and the activities of the main queue, and the queues of stacks and sweeps beside them. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Runtime } from '@temporalio/worker';
import { openDatabase } from '../db/client.ts';
import { openEnsureSweeps, openRing, openTell } from '../workflows/client.ts';
import { reconcile } from '../workflows/reconcile.ts';
import { openTendVersions } from '../workflows/tend-versions.ts';
import { ensureTemporal } from '../workflows/temporal.ts';
import { readConfig } from './config.ts';
import { readDataConverter } from './data-converter.ts';
import { openTemporal } from './temporal-connection.ts';
import { workerVersion } from './worker-version.ts';
import { openWorkers } from './workers.ts';

const config = readConfig();
// The process's own handlers below decide how it ends, not the SDK's.
Runtime.install({ shutdownSignals: [] });
await using db = openDatabase({ url: config.databaseUrl });
const { client, connection } = openTemporal(config.temporal, await readDataConverter(config.env));
await ensureTemporal(connection, config.temporal.namespace);
const workers = await openWorkers(config, { db, client });

const stop = new AbortController();
const taskQueue = config.temporal.taskQueue;
const loop = reconcile({
  db,
  client,
  connection,
  taskQueue,
  ring: openRing({ client, taskQueue }),
  ensureSweeps: openEnsureSweeps({ client, taskQueue }),
  tell: openTell({ client }),
  tendVersions: openTendVersions({ client, taskQueue }, config.temporal.deployment),
  signal: stop.signal,
  onError: (error) => console.error('reconcile: a pass failed:', error instanceof Error ? error.message : error),
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    stop.abort();
    for (const worker of workers) worker.shutdown();
  });
}
const running = Promise.all(workers.map((worker) => worker.run()));
announce(join(config.home, 'run', 'worker.ready'));
await running;
stop.abort();
await loop;
await connection.close();
console.log('worker: drained and stopped');

/** Tells whoever started this process that its pollers run. */
function announce(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) rmSync(path);
  writeFileSync(path, `${process.pid}\n`);
  const { version } = workerVersion(config) ?? {};
  console.log(
    `worker: polling ${taskQueue}${version ? `, build ${version.buildId} of ${version.deploymentName}` : ''}`,
  );
}
