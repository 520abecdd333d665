/** The workers of one process: of the main queue, and of the queues of stacks and sweeps. */
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerInterceptors } from '@temporalio/worker';
import { mainActivities, stacksActivities, sweepsActivities, type ActivityDependencies } from '../activities/index.ts';
import type { Database } from '../db/client.ts';
import { cacheHomeOf } from '../local/engines/cache.ts';
import { ensureSecretFile } from '../local/secret-file.ts';
import { processCompute } from '../providers/compute/process.ts';
import { localVault } from '../providers/secrets/local-vault.ts';
import { openRing } from '../workflows/client.ts';
import { openOutcome } from '../workflows/outcome.ts';
import { stacksQueue, sweepsQueue } from '../workflows/queues.ts';
import type { Config } from './config.ts';
import { readDataConverter } from './data-converter.ts';
import { openGovernance } from './governance.ts';
import { openStacks } from './stacks.ts';
import { connectionOptions } from './temporal-connection.ts';
import { openVisitors } from './visitors.ts';
import { workerVersion } from './worker-version.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Long enough for a heartbeating step to reach a safe point; what is left then is tried again elsewhere. */
const DRAIN = '10s';

/** Where activities touch the outside. */
export type OutwardPorts = Pick<ActivityDependencies, 'compute' | 'stacks'>;

export interface WorkersOf {
  db: Database;
  client: Client;
  /** Around every activity and workflow of these workers. */
  interceptors?: WorkerInterceptors;
  /** Around every call to the outside, for workers that are to die at a given one. */
  around?(ports: OutwardPorts): OutwardPorts;
  /** Activities at once, of the main queue and of stacks: for workers whose death is to hit one alone. */
  maxActivities?: number;
}

/** Connected, and not yet polling: whoever opens them runs and shuts them down. */
export async function openWorkers(
  config: Config,
  { db, client, interceptors = {}, around = (ports) => ports, maxActivities }: WorkersOf,
): Promise<Worker[]> {
  const { home, env, temporal, adminTokenFile, supervisorUrl, proxyUrl } = config;
  const native = await NativeConnection.connect(connectionOptions(temporal));
  const token = ensureSecretFile(adminTokenFile);
  const secrets = localVault({ folder: join(home, 'vault'), keyFile: join(home, 'vault.key') });
  const compute = processCompute({ supervisorUrl, proxyUrl, token, secrets });
  const ports = around({ compute, stacks: openStacks(config) });
  const dependencies = {
    db,
    ...ports,
    governance: openGovernance(env),
    awaitOutcome: openOutcome(client),
    ring: openRing({ client, taskQueue: temporal.taskQueue }),
  };
  const { namespace } = temporal;
  const dataConverter = await readDataConverter(env);
  const workerDeploymentOptions = workerVersion(config);
  const shared = {
    connection: native,
    namespace,
    dataConverter,
    interceptors,
    workerDeploymentOptions,
    shutdownGraceTime: DRAIN,
  } as const;
  const bundles = join(cacheHomeOf(env), 'slipway', 'workflows');
  const isVersioned = workerDeploymentOptions !== undefined;
  const codePath = await workflowBundle(bundles, { dataConverter, isVersioned });
  return [
    await Worker.create({
      ...shared,
      taskQueue: temporal.taskQueue,
      workflowBundle: { codePath },
      activities: mainActivities(dependencies),
      // Bounds how long a workflow waits for a worker that was killed with it in its cache.
      stickyQueueScheduleToStartTimeout: '2s',
      maxCachedWorkflows: 200,
      maxConcurrentActivityTaskExecutions: maxActivities,
    }),
    await Worker.create({
      ...shared,
      taskQueue: stacksQueue(temporal.taskQueue),
      activities: stacksActivities(dependencies),
      // An engine and its plugin take about 300 MB each.
      maxConcurrentActivityTaskExecutions: maxActivities ?? 2,
    }),
    await Worker.create({
      ...shared,
      taskQueue: sweepsQueue(temporal.taskQueue),
      activities: sweepsActivities({ db, visitors: openVisitors(env, dependencies) }),
      // A turn would never end by itself in that time: it is told at once, and gives back what it holds.
      shutdownGraceTime: 0,
    }),
  ];
}
