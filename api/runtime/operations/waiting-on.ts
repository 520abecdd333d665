import type { OperationRow } from '../../../db/operations.ts';
import type { WaitingOn } from '../../../db/schema/index.ts';
import { laneWorkflowId } from '../../../domain/ids.ts';

/** What an operation waits for: its turn in the environment's lane, where nothing else is noted of one that has not begun. */
export function waitingOnOf({ waitingOn, status, acceptedAt, environmentId }: OperationRow): WaitingOn | null {
  if (waitingOn || status !== 'Accepted') return waitingOn;
  return { kind: 'queue', since: acceptedAt.toISOString(), reference: laneWorkflowId(environmentId) };
}
