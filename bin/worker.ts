/** A worker: runs the workflows and the activities of the main queue, and the queues of stacks and sweeps beside them. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { mainActivities, stacksActivities, sweepsActivities } from '../activities/index.ts';
import { cacheHomeOf } from '../local/engines/cache.ts';
import { openDatabase } from '../db/client.ts';
import { ensureSecretFile } from '../local/secret-file.ts';
import { processCompute } from '../providers/compute/process.ts';
import { openEnsureSweeps, openRing } from '../workflows/client.ts';
import { openOutcome } from '../workflows/outcome.ts';
import { stacksQueue, sweepsQueue } from '../workflows/queues.ts';
import { reconcile } from '../workflows/reconcile.ts';
import { ensureTemporal } from '../workflows/temporal.ts';
import { readConfig, type Config } from './config.ts';
import { openGovernance } from './governance.ts';
import { openStacks } from './stacks.ts';
import { openVisitors } from './visitors.ts';
import { connectionOptions, openTemporal } from './temporal-connection.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Long enough for a heartbeating step to reach a safe point; what is left then is tried again elsewhere. */
const DRAIN = '10s';

const config = readConfig();
// The process's own handlers below decide how it ends, not the SDK's.
Runtime.install({ shutdownSignals: [] });
await using db = openDatabase({ url: config.databaseUrl });
const { client, connection } = openTemporal(config.temporal);
await ensureTemporal(connection, config.temporal.namespace);
const workers = await openWorkers(config);

const stop = new AbortController();
const taskQueue = config.temporal.taskQueue;
const loop = reconcile({
  db,
  client,
  connection,
  ring: openRing({ client, taskQueue }),
  ensureSweeps: openEnsureSweeps({ client, taskQueue }),
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

async function openWorkers({ env, temporal, adminTokenFile, supervisorUrl, proxyUrl }: Config): Promise<Worker[]> {
  const native = await NativeConnection.connect(connectionOptions(temporal));
  const token = ensureSecretFile(adminTokenFile);
  const compute = processCompute({ supervisorUrl, proxyUrl, token });
  const dependencies = {
    db,
    compute,
    stacks: openStacks(config),
    governance: openGovernance(env),
    awaitOutcome: openOutcome(client),
  };
  const shared = { connection: native, namespace: temporal.namespace, shutdownGraceTime: DRAIN } as const;
  return [
    await Worker.create({
      ...shared,
      taskQueue: temporal.taskQueue,
      workflowBundle: { codePath: await workflowBundle(join(cacheHomeOf(env), 'slipway', 'workflows')) },
      activities: mainActivities(dependencies),
      // Bounds how long a workflow waits for a worker that was killed with it in its cache.
      stickyQueueScheduleToStartTimeout: '2s',
      maxCachedWorkflows: 200,
    }),
    await Worker.create({
      ...shared,
      taskQueue: stacksQueue(temporal.taskQueue),
      activities: stacksActivities(dependencies),
      // An engine and its plugin take about 300 MB each.
      maxConcurrentActivityTaskExecutions: 2,
    }),
    await Worker.create({
      ...shared,
      taskQueue: sweepsQueue(temporal.taskQueue),
      activities: sweepsActivities({ db, visitors: openVisitors(env, { db, compute }) }),
      // A turn would never end by itself in that time: it is told at once, and gives back what it holds.
      shutdownGraceTime: 0,
    }),
  ];
}

/** Tells whoever started this process that its pollers run. */
function announce(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) rmSync(path);
  writeFileSync(path, `${process.pid}\n`);
  console.log(`worker: polling ${taskQueue}`);
}
