/**
 * `npm run -s workers:promote [-- --build-id B] [--wait-seconds N] [--unchecked]`: makes a version of the workers the
 * current one, by default the one that came last, once its workers ask every queue for tasks, and once its code has
 * replayed what would move to it. Ends with 0 when it is current, then or already; else with 1 and a sentence, and nothing
 * has changed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isGrpcServiceError, type Client } from '@temporalio/client';
import { stacksQueue, sweepsQueue } from '../workflows/queues.ts';
import { lookAtQueue, makeCurrent, pinnedTo, queuesOf, versionsOf, type QueueKind } from '../workflows/versions.ts';
import { readConfig, type Config } from './config.ts';
import { misfitsOf } from './replay-running.ts';
import { readDataConverter } from './data-converter.ts';
import { openTemporal } from './temporal-connection.ts';
import { buildIdOf } from './worker-version.ts';

const LOOK_MS = 500;
/** For what is asked of Temporal beside the waiting. */
const CALLS_MS = 60_000;

try {
  const { values } = parseArgs({
    options: {
      'build-id': { type: 'string' },
      'wait-seconds': { type: 'string', default: '60' },
      unchecked: { type: 'boolean', default: false },
    },
  });
  const waitSeconds = Number(values['wait-seconds']);
  if (!(waitSeconds >= 0)) throw new Error('--wait-seconds must be a number of seconds.');
  const config = readConfig();
  const { deployment, taskQueue } = config.temporal;
  if (!deployment)
    throw new Error('SLIPWAY_DEPLOYMENT is not set: workers have no versions, there is none to promote.');
  const { client, connection } = openTemporal(config.temporal, await readDataConverter(config.env));
  const promotion = { deployment, taskQueue, waitSeconds, buildId: values['build-id'], isUnchecked: values.unchecked };
  try {
    await connection.withDeadline(Date.now() + waitSeconds * 1000 + CALLS_MS, () => promote(client, config, promotion));
  } finally {
    await connection.close();
  }
} catch (error) {
  console.error(isGrpcServiceError(error) ? `Temporal: ${error.details}` : (error as Error).message);
  process.exitCode = 1;
}

interface Promotion {
  deployment: string;
  taskQueue: string;
  waitSeconds: number;
  buildId?: string;
  isUnchecked: boolean;
}

async function promote(client: Client, config: Config, promotion: Promotion): Promise<void> {
  const { deployment } = promotion;
  const buildId = await thereBuild(client, promotion);
  const before = (await versionsOf(client, deployment))?.current ?? null;
  if (before === buildId) {
    console.log(`Build ${buildId} of ${deployment} is current already.`);
  } else {
    if (!promotion.isUnchecked) await check(client, config, buildId);
    await makeCurrent(client, deployment, buildId);
    console.log(`Build ${buildId} of ${deployment} is current. Before: ${before ? `build ${before}` : 'no version'}.`);
  }
  for (const draining of (await versionsOf(client, deployment))?.draining ?? []) {
    const { count } = await client.workflow.count(pinnedTo(deployment, draining));
    console.log(
      `Build ${draining} is draining: ${count} operations run on it. Its workers are needed until it has none.`,
    );
  }
}

/** @throws a sentence when it could not go on with what runs now */
async function check(client: Client, config: Config, buildId: string): Promise<void> {
  const own = buildIdOf(config.env);
  if (own !== buildId) {
    console.log(`This is the code of build ${own}: whether build ${buildId} fits what runs is not checked.`);
    return;
  }
  const misfits = await misfitsOf(client, config);
  if (misfits.length === 0) return;
  const told = misfits.map(({ workflowId, reason }) => `  ${workflowId}: ${reason}`);
  throw new Error(
    [`Build ${buildId} cannot go on with what runs (--unchecked promotes it all the same):`, ...told].join('\n'),
  );
}

/** The build that is to be current, when its workers are there. @throws a sentence when they do not come in time */
async function thereBuild(client: Client, { deployment, taskQueue, waitSeconds, buildId }: Promotion): Promise<string> {
  const deadline = Date.now() + waitSeconds * 1000;
  for (;;) {
    const wanted = buildId ?? (await versionsOf(client, deployment))?.newest;
    const lacking = wanted
      ? await queuesWithout(client, { deploymentName: deployment, buildId: wanted }, taskQueue)
      : [taskQueue];
    if (wanted && lacking.length === 0) return wanted;
    if (Date.now() > deadline) {
      const whose = `No worker of ${wanted ? `build ${wanted} of ` : ''}${deployment} asks`;
      throw new Error(`${whose} ${lacking.join(', ')} for tasks: start one with SLIPWAY_DEPLOYMENT=${deployment}.`);
    }
    await delay(LOOK_MS);
  }
}

/** Every queue has to be the version's: what is left out is given to workers of no version. */
async function queuesWithout(
  client: Client,
  version: { deploymentName: string; buildId: string },
  main: string,
): Promise<string[]> {
  const wanted: { name: string; kind: QueueKind }[] = [
    { name: main, kind: 'workflow' },
    { name: main, kind: 'activity' },
    { name: stacksQueue(main), kind: 'activity' },
    { name: sweepsQueue(main), kind: 'activity' },
  ];
  const noted = await queuesOf(client, version);
  const without = new Set<string>();
  for (const queue of wanted) {
    const isNoted = noted.some(({ name, kind }) => name === queue.name && kind === queue.kind);
    const { there } = await lookAtQueue(client, version.deploymentName, queue);
    if (!isNoted || !there.has(version.buildId)) without.add(queue.name);
  }
  return [...without];
}
