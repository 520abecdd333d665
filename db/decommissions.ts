/** Decommissions: an environment has at most one that is open. */
import type { EnvironmentKey, TraceId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { newId } from './new-id.ts';
import { acceptOperation, findOpenOperation, type OperationRow } from './operations.ts';

/** Kept for a last look at what is left. */
const RESERVE_SECONDS = 60;

export interface WantedDecommission extends EnvironmentKey {
  /** How long it may go on once it has begun; then it ends with the list of what is left. */
  progressDeadlineSeconds: number;
  traceId: TraceId;
}

/** Part of an acceptance, under the environment's row lock: the one that is open, or else a new one. */
export async function openDecommission(
  tx: Tx,
  { progressDeadlineSeconds, ...wanted }: WantedDecommission,
): Promise<{ operation: OperationRow; isNew: boolean }> {
  const before = await findOpenOperation(tx, wanted, 'decommission');
  if (before) return { operation: before, isNew: false };
  const operation = await acceptOperation(tx, {
    ...wanted,
    id: newId('op'),
    kind: 'decommission',
    budgetSeconds: progressDeadlineSeconds + RESERVE_SECONDS,
    reserveSeconds: RESERVE_SECONDS,
  });
  return { operation, isNew: true };
}
