/**
 * `npm run -s workers:promote [-- --build-id B] [--wait-seconds N]`: makes a version of the workers the current one, by
 * default the one that came last, once its workers ask every queue for tasks. Ends with 0 when it is current, then or
 * already; else with 1 and a sentence, and nothing has changed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Client } from '@temporalio/client';
import { stacksQueue, sweepsQueue } from '../workflows/queues.ts';
import { lookAtQueue, makeCurrent, pinnedTo, versionsOf, type QueueKind } from '../workflows/versions.ts';
import { readConfig } from './config.ts';
import { openTemporal } from './temporal-connection.ts';

const LOOK_MS = 500;
/** For what is asked of Temporal beside the waiting. */
const CALLS_MS = 30_000;

try {
  const { values } = parseArgs({ options: { 'build-id': { type: 'string' }, 'wait-seconds': { type: 'string' } } });
  const waitSeconds = Number(values['wait-seconds'] ?? 60);
  if (!(waitSeconds >= 0)) throw new Error('--wait-seconds must be a number of seconds.');
  const { temporal } = readConfig();
  const { deployment, taskQueue } = temporal;
  if (!deployment)
    throw new Error('SLIPWAY_DEPLOYMENT is not set: workers have no versions, there is none to promote.');
  const { client, connection } = openTemporal(temporal);
  try {
    const promotion = { deployment, taskQueue, waitSeconds, buildId: values['build-id'] };
    await connection.withDeadline(Date.now() + waitSeconds * 1000 + CALLS_MS, () => promote(client, promotion));
  } finally {
    await connection.close();
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

interface Promotion {
  deployment: string;
  taskQueue: string;
  waitSeconds: number;
  buildId?: string;
}

async function promote(client: Client, promotion: Promotion): Promise<void> {
  const { deployment } = promotion;
  const buildId = await thereBuild(client, promotion);
  const before = (await versionsOf(client, deployment))?.current ?? null;
  if (before === buildId) {
    console.log(`Build ${buildId} of ${deployment} is current already.`);
  } else {
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

/** The build that is to be current, when its workers are there. @throws a sentence when they do not come in time */
async function thereBuild(client: Client, { deployment, taskQueue, waitSeconds, buildId }: Promotion): Promise<string> {
  const deadline = Date.now() + waitSeconds * 1000;
  for (;;) {
    const wanted = buildId ?? (await versionsOf(client, deployment))?.newest;
    const lacking = wanted ? await queuesWithout(client, deployment, wanted, taskQueue) : [taskQueue];
    if (wanted && lacking.length === 0) return wanted;
    if (Date.now() > deadline) {
      const whose = `No worker of ${wanted ? `build ${wanted} of ` : ''}${deployment} asks`;
      throw new Error(`${whose} ${lacking.join(', ')} for tasks: start one with SLIPWAY_DEPLOYMENT=${deployment}.`);
    }
    await delay(LOOK_MS);
  }
}

async function queuesWithout(client: Client, deployment: string, buildId: string, main: string): Promise<string[]> {
  const queues: [string, QueueKind][] = [
    [main, 'workflow'],
    [main, 'activity'],
    [stacksQueue(main), 'activity'],
    [sweepsQueue(main), 'activity'],
  ];
  const without = new Set<string>();
  for (const [name, kind] of queues) {
    const { there } = await lookAtQueue(client, deployment, { name, kind });
    if (!there.has(buildId)) without.add(name);
  }
  return [...without];
}
