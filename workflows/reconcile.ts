/**
 * The plain loops in every API and worker process that mend what a lost signal, a lost Temporal or a stopped process left:
 * they ring lanes that have work and do not run, tell commands that nobody has heard, start sweeps that have something to
 * visit, see to what a database that was put back does not know of, and end what is past its deadline. They live outside
 * Temporal because they have to work when Temporal has lost everything.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, Connection } from '@temporalio/client';
import { kindsToSweep } from '../db/due.ts';
import { unheardCommands } from '../db/commands.ts';
import { openWork } from '../db/open-work.ts';
import { laneWorkflowId, operationWorkflowId, type EnvironmentKey, type OperationId } from '../domain/ids.ts';
import { isRunning, terminate, type EnsureSweeps, type Ring, type Tell } from './client.ts';
import { settleOrphans } from './orphans.ts';
import { attempt, endOverdue, GRACE_MS, type OverdueOptions } from './overdue.ts';
import type { TendVersions } from './tend-versions.ts';
import { ensureTemporal, inTime } from './temporal.ts';

export interface ReconcileOptions extends OverdueOptions {
  client: Client;
  connection: Connection;
  ring: Ring;
  /** The queue of this platform's workflows. */
  taskQueue: string;
  ensureSweeps: EnsureSweeps;
  tell: Tell;
  /** @default workers have no versions */
  tendVersions?: TendVersions;
  /** Ended when this is aborted. */
  signal: AbortSignal;
  /** @default 15 s */
  intervalMs?: number;
  /** How far Temporal's lists may lag behind. @default 60 s */
  lagMs?: number;
}

/** Commands that are told, and lanes that are rung, at the same time: each may take as long as Temporal lets it. */
const AT_ONCE = 10;

/**
 * Runs passes until the signal; resolves when the last have ended. What fails is told and tried again. The deadlines are
 * held beside the rest, so that they hold however long that has to wait for Temporal.
 */
export async function reconcile(options: ReconcileOptions): Promise<void> {
  const ended: OperationId[] = [];
  await Promise.all([
    repeat(options, async () => void ended.push(...(await endOverdue(options)))),
    repeat(options, () => mend(options, ended)),
  ]);
}

async function repeat(options: ReconcileOptions, pass: () => Promise<void>): Promise<void> {
  const { signal, intervalMs = 15_000 } = options;
  while (!signal.aborted) {
    await attempt(options, pass);
    await delay(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * One pass over what needs Temporal; one item that fails does not keep the others from their turn. Processes may pass at
 * the same time: every step is a compare-and-set or may be repeated.
 *
 * @param ended operations that were ended by their deadline; their workflows are terminated, and they are taken from here
 */
export async function mend(options: ReconcileOptions, ended: OperationId[]): Promise<void> {
  const { db, client, connection, tendVersions, graceMs = GRACE_MS } = options;
  await ensureTemporal(connection, client.options.namespace);
  for (const operationId of ended.splice(0)) {
    const workflowId = operationWorkflowId(operationId);
    await attempt(options, () => inTime(connection, () => terminate(client, workflowId, 'past its deadline')));
  }
  // Before the lanes are rung: what they find then is all that is to be brought back.
  await attempt(options, () => settleOrphans(options));
  const olderThan = new Date(Date.now() - graceMs);
  // What was given while the workflow could not be told, or nobody ran it.
  const unheard = await db.forSystem((tx) => unheardCommands(tx, olderThan));
  await inTurns(unheard, (command) => attempt(options, () => options.tell(command)));
  if (tendVersions) await attempt(options, () => inTime(connection, tendVersions));
  const work = await db.forSystem((tx) => openWork(tx, olderThan));
  const environments = new Map(work.filter(({ hasLaneWork }) => hasLaneWork).map((item) => [item.environmentId, item]));
  await inTurns([...environments.values()], (key) =>
    attempt(options, () => inTime(connection, () => ringIfIdle(options, key))),
  );
  // Where nothing is due soon there is nothing to sweep, and no sweep.
  await attempt(options, async () => {
    const kinds = await db.forSystem(kindsToSweep);
    await inTime(connection, () => options.ensureSweeps(kinds));
  });
}

async function inTurns<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const runner = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
}

async function ringIfIdle({ client, ring }: ReconcileOptions, key: EnvironmentKey): Promise<void> {
  const running = await isRunning(client, laneWorkflowId(key.environmentId));
  if (!running) await ring({ tenantId: key.tenantId, environmentId: key.environmentId });
}
