import { and, asc, desc, eq, inArray, ne, sql } from 'drizzle-orm';
import type { OnConflict } from '../domain/commands.ts';
import type { Failure } from '../domain/failures.ts';
import type { EnvironmentKey, OperationId, OperationKey, TraceId } from '../domain/ids.ts';
import {
  isTerminalPhase,
  phasesBefore,
  statusOfPhase,
  type EnvironmentStatus,
  type OperationKind,
  type Phase,
} from '../domain/phases.ts';
import { closeApprovals } from './approvals.ts';
import type { Database, Tx } from './client.ts';
import { closeComponents } from './components.ts';
import { claimFence, lockEnvironment, setConvergeReason, setEnvironmentStatus } from './environments.ts';
import { appendEvent } from './events.ts';
import { explained } from './explained.ts';
import { environments, operations, type WaitingOn } from './schema/index.ts';

export type OperationRow = typeof operations.$inferSelect;

/** How long an operation may wait for those before it; an operation that has not begun by then expires. */
const QUEUE_SECONDS = 4 * 3600;

export interface NewOperation extends EnvironmentKey {
  id: OperationId;
  kind: OperationKind;
  budgetSeconds: number;
  reserveSeconds: number;
  onConflict?: OnConflict;
  traceId: TraceId;
}

const isIt = (tenantId: string, id: OperationId) => and(eq(operations.tenantId, tenantId), eq(operations.id, id));

/** Part of the acceptance transaction: takes the next place in the environment's order. */
export async function acceptOperation(tx: Tx, operation: NewOperation): Promise<OperationRow> {
  const environment = await lockEnvironment(tx, operation);
  if (!environment) throw new Error(`no environment ${operation.environmentId} to accept an operation for`);
  await tx
    .update(environments)
    .set({ nextSeq: environment.nextSeq + 1 })
    .where(and(eq(environments.tenantId, operation.tenantId), eq(environments.id, operation.environmentId)));
  const now = Date.now();
  const [row] = await tx
    .insert(operations)
    .values({
      ...operation,
      seq: environment.nextSeq,
      status: 'Accepted',
      phase: 'Requested',
      acceptedAt: new Date(now),
      deadlineAt: new Date(now + (QUEUE_SECONDS + operation.budgetSeconds) * 1000),
    })
    .returning();
  await appendEvent(tx, operation, {
    type: `${operation.kind}.accepted`,
    operationId: operation.id,
    data: { phase: 'Requested' },
  });
  return row as OperationRow;
}

export async function findOperation(tx: Tx, tenantId: string, id: OperationId): Promise<OperationRow | null> {
  const [row] = await tx.select().from(operations).where(isIt(tenantId, id));
  return row ?? null;
}

/** The operation of a kind that was accepted last in the environment. */
export async function latestOperation(tx: Tx, key: EnvironmentKey, kind: OperationKind): Promise<OperationRow | null> {
  const [row] = await tx
    .select()
    .from(operations)
    .where(
      and(
        eq(operations.tenantId, key.tenantId),
        eq(operations.environmentId, key.environmentId),
        eq(operations.kind, kind),
      ),
    )
    .orderBy(desc(operations.seq))
    .limit(1);
  return row ?? null;
}

/** The operation of a kind that waits for its turn, or works, in the environment. */
export async function findOpenOperation(
  tx: Tx,
  key: EnvironmentKey,
  kind: OperationKind,
): Promise<OperationRow | null> {
  const latest = await latestOperation(tx, key, kind);
  return latest && !isTerminalPhase(latest.phase) ? latest : null;
}

/** What works in the environment, or waits for its turn; not what waits for a person. */
export async function findBusyOperation(tx: Tx, key: EnvironmentKey): Promise<OperationRow | null> {
  const [row] = await tx
    .select()
    .from(operations)
    .where(
      and(
        eq(operations.tenantId, key.tenantId),
        eq(operations.environmentId, key.environmentId),
        inArray(operations.status, ['Accepted', 'Updating']),
        sql`coalesce(${operations.waitingOn} ->> 'kind', '') <> 'approval'`,
      ),
    )
    .orderBy(sql`${operations.status} = 'Accepted'`, asc(operations.seq))
    .limit(1);
  return row ?? null;
}

/** Whether it has ended well: an attempt that is repeated after its own last transaction has nothing left to do. */
export async function hasCompleted(db: Database, { tenantId, operationId }: OperationKey): Promise<boolean> {
  return (await db.forTenant(tenantId, (tx) => findOperation(tx, tenantId, operationId)))?.phase === 'Completed';
}

/**
 * Compare-and-set into a phase that is not terminal. True when it is in that phase now (a repeated attempt finds it
 * there); false when the operation has ended, has gone another way, or is to be given up: then it goes back only.
 */
export async function advancePhase(
  tx: Tx,
  key: EnvironmentKey,
  id: OperationId,
  to: Phase,
  /** Why it goes there, when it goes back: kept for whoever has to go on. */
  failure?: Failure,
): Promise<boolean> {
  const rows = await tx
    .update(operations)
    .set({ phase: to, ...(to === 'RollingBack' && { waitingOn: null }), ...(failure && { failure }) })
    .where(
      and(
        isIt(key.tenantId, id),
        eq(operations.status, 'Updating'),
        inArray(operations.phase, phasesBefore(to)),
        to === 'RollingBack' ? undefined : ne(operations.wanted, 'abort'),
      ),
    )
    .returning({ kind: operations.kind });
  if (rows[0]) {
    await appendEvent(tx, key, { type: `${rows[0].kind}.phase`, operationId: id, data: { phase: to } });
    return true;
  }
  return (await findOperation(tx, key.tenantId, id))?.phase === to;
}

export interface Ending {
  /** A terminal phase. */
  phase: Phase;
  failure?: Failure;
  /** Why reality may differ from the live snapshot now; leave out when it does not. */
  convergeReason?: string;
}

/**
 * Ends an operation, once: false when it had ended already. The environment goes back to the status it has without it, and
 * what still works for one that did not end well is fenced off: its next provider call is refused.
 */
export async function endOperation(tx: Tx, key: EnvironmentKey, id: OperationId, ending: Ending): Promise<boolean> {
  await lockEnvironment(tx, key);
  const before = await findOperation(tx, key.tenantId, id);
  if (!before || isTerminalPhase(before.phase) || !phasesBefore(ending.phase).includes(before.phase)) return false;
  const failure = ending.failure ? await explained(tx, before, ending.failure) : null;
  await tx
    .update(operations)
    .set({
      phase: ending.phase,
      status: statusOfPhase(ending.phase),
      failure,
      waitingOn: null,
      endedAt: new Date(),
    })
    .where(isIt(key.tenantId, id));
  if (ending.phase !== 'Completed') {
    await closeComponents(tx, key.tenantId, id, ending.phase === 'RollbackFailed' ? 'RollbackFailed' : 'Failed');
  }
  await closeApprovals(tx, key.tenantId, id, ending.phase === 'Expired' ? 'Expired' : 'Withdrawn');
  // A decommission that ended badly is not undone: nothing that it took away is brought back. A scan changes nothing.
  if (ending.convergeReason && before.kind !== 'decommission' && before.kind !== 'driftScan') {
    await setConvergeReason(tx, key, ending.convergeReason);
  }
  // A completed one was ended by its own attempt, which may have something to tidy up still.
  if (before.status === 'Updating' && ending.phase !== 'Completed') await claimFence(tx, key);
  // One that was still queued has not touched the environment: somebody else may be at work on it.
  if (before.status === 'Updating' || before.kind === 'provision') {
    const [from, to] = statusAfter(before, ending.phase) ?? [];
    if (from && to) await setEnvironmentStatus(tx, key, from, to);
  }
  await appendEvent(tx, key, {
    type: `${before.kind}.ended`,
    operationId: id,
    data: { phase: ending.phase, ...(failure && { failure }) },
  });
  if (before.kind === 'decommission' && ending.phase === 'Completed') await endQueued(tx, key);
  return true;
}

/** What still waited for its turn in an environment that is gone. */
async function endQueued(tx: Tx, key: EnvironmentKey): Promise<void> {
  const queued = await tx
    .select({ id: operations.id })
    .from(operations)
    .where(
      and(
        eq(operations.tenantId, key.tenantId),
        eq(operations.environmentId, key.environmentId),
        eq(operations.status, 'Accepted'),
      ),
    );
  const failure: Failure = { code: 'EnvironmentGone', message: 'The environment was taken away before its turn came.' };
  for (const { id } of queued) await endOperation(tx, key, id, { phase: 'Failed', failure });
}

/** Null where the environment's status is not the operation's to change. */
function statusAfter({ kind, status }: OperationRow, phase: Phase): [EnvironmentStatus[], EnvironmentStatus] | null {
  switch (kind) {
    case 'driftScan':
      return null;
    case 'provision':
      if (phase === 'Completed') return [['Provisioning'], 'Ready'];
      // What a failed provision made is taken away first; only then is it Failed, and its name free again. One that was
      // never begun has made nothing.
      return [['Provisioning'], status === 'Accepted' ? 'Failed' : 'Decommissioning'];
    case 'deploy':
      return [['Updating'], 'Ready'];
    case 'decommission':
      return phase === 'Completed'
        ? [['Decommissioning', 'Failed'], 'Decommissioned']
        : [['Decommissioning'], 'DecommissionBlocked'];
  }
}

/** Notes what an open operation waits for, since when it began to; null when it goes on. */
export async function setWaitingOn(
  tx: Tx,
  tenantId: string,
  id: OperationId,
  waitingOn: Omit<WaitingOn, 'since'> | null,
): Promise<void> {
  const before = (await findOperation(tx, tenantId, id))?.waitingOn ?? null;
  const isSame = before?.kind === waitingOn?.kind && before?.reference === waitingOn?.reference;
  if (isSame && !waitingOn?.failure) return;
  const since = (isSame && before?.since) || new Date().toISOString();
  await tx
    .update(operations)
    .set({ waitingOn: waitingOn && { ...waitingOn, since } })
    .where(and(isIt(tenantId, id), inArray(operations.status, ['Accepted', 'Updating'])));
}

/** It goes on, where it was a part of the platform that it waited for. */
export async function clearHold(tx: Tx, tenantId: string, id: OperationId): Promise<void> {
  const isHeld = sql`${operations.waitingOn} ->> 'kind' = 'platform'`;
  await tx
    .update(operations)
    .set({ waitingOn: null })
    .where(and(isIt(tenantId, id), isHeld, eq(operations.status, 'Updating')));
}
