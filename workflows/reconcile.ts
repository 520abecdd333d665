/**
 * The plain loop in every API and worker process that mends what a lost signal, a lost Temporal or a stopped process
 * left: it rings lanes that have work and do not run, starts sweeps that have something to visit, ends what is past its
 * deadline, and sees to what a database that was put back does not know of. It lives outside Temporal because it has to work when Temporal has lost everything.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, Connection } from '@temporalio/client';
import type { Database } from '../db/client.ts';
import { overdueApprovals } from '../db/approvals.ts';
import { kindsToSweep } from '../db/due.ts';
import { unheardCommands } from '../db/commands.ts';
import { lockEnvironment } from '../db/environments.ts';
import { expireApproval } from '../db/held-operations.ts';
import { openWork, type OpenWork } from '../db/open-work.ts';
import { endOperation, findOperation } from '../db/operations.ts';
import { laneWorkflowId, operationWorkflowId, type EnvironmentKey, type OperationId } from '../domain/ids.ts';
import { isRunning, terminate, type EnsureSweeps, type Ring, type Tell } from './client.ts';
import { settleOrphans } from './orphans.ts';
import type { TendVersions } from './tend-versions.ts';
import { ensureTemporal, inTime } from './temporal.ts';

export interface ReconcileOptions {
  db: Database;
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
  /** Work younger than this is being rung by whoever accepted it. @default 30 s */
  graceMs?: number;
  /** How far Temporal's lists may lag behind. @default 60 s */
  lagMs?: number;
  onError(error: unknown): void;
}

/** After its own timer and the server's execution timeout (30 s past the deadline) had their turn. */
const PAST_DEADLINE_MS = 35_000;

/** Runs passes until the signal; resolves when the last has ended. What fails is told and tried again. */
export async function reconcile(options: ReconcileOptions): Promise<void> {
  const { signal, intervalMs = 15_000 } = options;
  while (!signal.aborted) {
    await attempt(options, () => reconcileOnce(options));
    await delay(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * One pass. First what needs the database alone, so that a deadline holds while Temporal is away; one item that fails
 * does not keep the others from their turn. Processes may pass at the same time: every step is a compare-and-set or may
 * be repeated.
 */
export async function reconcileOnce(options: ReconcileOptions): Promise<void> {
  const { db, client, connection, tendVersions, graceMs = 30_000 } = options;
  const work = await db.forSystem((tx) => openWork(tx, new Date(Date.now() - graceMs)));
  const late = work.filter(({ deadlineAt }) => deadlineAt && Date.now() > deadlineAt.getTime() + PAST_DEADLINE_MS);
  const toTerminate: OperationId[] = [];
  for (const item of late) {
    await attempt(options, async () => {
      if (item.operationId && (await expire(db, item, item.operationId))) toTerminate.push(item.operationId);
    });
  }
  for (const approval of await db.forSystem(overdueApprovals)) {
    await attempt(options, () =>
      db.forTenant(approval.tenantId, (tx) => expireApproval(tx, approval, approval.approvalId)),
    );
  }
  await ensureTemporal(connection, client.options.namespace);
  for (const operationId of toTerminate) {
    const workflowId = operationWorkflowId(operationId);
    await attempt(options, () => inTime(connection, () => terminate(client, workflowId, 'past its deadline')));
  }
  // Before the lanes are rung: what they find then is all that is to be brought back.
  await attempt(options, () => settleOrphans(options));
  // What was given while the workflow could not be told, or nobody ran it.
  const unheard = await db.forSystem((tx) => unheardCommands(tx, new Date(Date.now() - graceMs)));
  for (const command of unheard) await attempt(options, () => options.tell(command));
  if (tendVersions) await attempt(options, () => inTime(connection, tendVersions));
  const environments = new Map(work.filter(({ hasLaneWork }) => hasLaneWork).map((item) => [item.environmentId, item]));
  for (const key of environments.values())
    await attempt(options, () => inTime(connection, () => ringIfIdle(options, key)));
  // Where nothing is due soon there is nothing to sweep, and no sweep.
  await attempt(options, async () => {
    const kinds = await db.forSystem(kindsToSweep);
    await inTime(connection, () => options.ensureSweeps(kinds));
  });
}

async function attempt({ onError }: ReconcileOptions, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    onError(error);
  }
}

async function ringIfIdle({ client, ring }: ReconcileOptions, key: EnvironmentKey): Promise<void> {
  const running = await isRunning(client, laneWorkflowId(key.environmentId));
  if (!running) await ring({ tenantId: key.tenantId, environmentId: key.environmentId });
}

/**
 * Ends an operation whose own holders of the deadline have not. False when it had ended, or had never begun: then there is
 * no workflow to terminate.
 */
async function expire(db: Database, work: OpenWork, operationId: OperationId): Promise<boolean> {
  return await db.forTenant(work.tenantId, async (tx) => {
    await lockEnvironment(tx, work);
    const operation = await findOperation(tx, work.tenantId, operationId);
    if (!operation) return false;
    const claimed = operation.status === 'Updating';
    const phase = !claimed ? 'Expired' : operation.phase === 'RollingBack' ? 'RollbackFailed' : 'Failed';
    const ended = await endOperation(tx, work, operationId, {
      phase,
      failure: { code: 'DeadlineExceeded', message: `It had not ended by ${operation.deadlineAt.toISOString()}.` },
      ...(claimed && { convergeReason: `${operationId} was ended past its deadline in ${operation.phase}` }),
    });
    return ended && claimed;
  });
}
