/** The order of an environment's work: what its lane does next, and the claim that begins it. */
import { and, asc, eq, inArray, notInArray, or, sql } from 'drizzle-orm';
import type { EnvironmentKey, OperationId, SnapshotId } from '../domain/ids.ts';
import { firstPhaseOf, type Convergence, type OperationKind } from '../domain/phases.ts';
import { consumeApproval, isJudged } from './approvals.ts';
import type { Tx } from './client.ts';
import { lockEnvironment, setConvergeReason, setEnvironmentStatus } from './environments.ts';
import { appendEvent } from './events.ts';
import type { OperationRow } from './operations.ts';
import { operations } from './schema/index.ts';

export type LaneWork =
  | { kind: 'run'; operation: OperationRow }
  | { kind: 'converge'; what: Convergence }
  /** The plan is not the one that governance judged: it is asked about this one, then the lane looks again. */
  | { kind: 'judge'; operation: OperationRow; over: SnapshotId | null }
  | { kind: 'idle' };

const waitsForApproval = sql`coalesce(${operations.waitingOn} ->> 'kind' = 'approval', false)`;

/**
 * What the lane does next: go on with the active operation, else bring reality back, else claim the oldest accepted one.
 * What waits for an approval is gone past, except while the environment is still to be made.
 *
 * @param passedOver what cannot be judged now: the others go first.
 */
export async function takeNext(tx: Tx, key: EnvironmentKey, passedOver: OperationId[] = []): Promise<LaneWork> {
  const environment = await lockEnvironment(tx, key);
  if (!environment) return { kind: 'idle' };
  const [next] = await tx
    .select()
    .from(operations)
    .where(
      and(
        eq(operations.tenantId, key.tenantId),
        eq(operations.environmentId, key.environmentId),
        inArray(operations.status, ['Accepted', 'Updating']),
        or(
          eq(operations.status, 'Updating'),
          eq(operations.kind, 'provision'),
          and(sql`not ${waitsForApproval}`, notInArray(operations.id, passedOver)),
        ),
      ),
    )
    // The active one first, then the order of acceptance.
    .orderBy(sql`${operations.status} = 'Accepted'`, asc(operations.seq))
    .limit(1);
  if (next?.status === 'Updating') return { kind: 'run', operation: next };
  // What is to be taken away is not brought back first.
  if (environment.convergeReason !== null && next?.kind !== 'decommission') {
    return { kind: 'converge', what: environment.status === 'Decommissioning' ? 'stack' : 'services' };
  }
  if (!next || next.waitingOn?.kind === 'approval' || passedOver.includes(next.id)) return { kind: 'idle' };
  const over = environment.liveSnapshotId;
  if (!(await isJudged(tx, next, over))) return { kind: 'judge', operation: next, over };
  return await claim(tx, key, next);
}

async function claim(tx: Tx, key: EnvironmentKey, next: OperationRow): Promise<LaneWork> {
  const now = Date.now();
  const deadlineAt = new Date(Math.min(next.deadlineAt.getTime(), now + next.budgetSeconds * 1000));
  const phase = firstPhaseOf(next.kind);
  const [claimed] = await tx
    .update(operations)
    .set({ status: 'Updating', phase, startedAt: new Date(now), deadlineAt, waitingOn: null })
    .where(and(eq(operations.tenantId, key.tenantId), eq(operations.id, next.id), eq(operations.status, 'Accepted')))
    .returning();
  if (!claimed) return { kind: 'idle' };
  await consumeApproval(tx, key.tenantId, claimed.id);
  await enterEnvironment(tx, key, claimed.kind);
  await appendEvent(tx, key, { type: `${claimed.kind}.phase`, operationId: claimed.id, data: { phase } });
  return { kind: 'run', operation: claimed };
}

/** What the environment is while an operation of this kind works on it. */
async function enterEnvironment(tx: Tx, key: EnvironmentKey, kind: OperationKind): Promise<void> {
  switch (kind) {
    case 'provision':
    // It only looks.
    case 'driftScan':
      return;
    case 'deploy':
      await setEnvironmentStatus(tx, key, ['Ready'], 'Updating');
      return;
    case 'decommission':
      // One that has failed stays so until it is gone: it has no stack, and its name may be another's by now.
      await setEnvironmentStatus(tx, key, ['Ready', 'DecommissionBlocked'], 'Decommissioning');
      await setConvergeReason(tx, key, null);
  }
}
