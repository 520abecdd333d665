/** How an operation's workflow ended, with the operator's reason: only a client's handle can tell. Outside the bundle. */
import { WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import type { AwaitOutcome, Outcome } from '../activities/lane.ts';
import { operationWorkflowId } from '../domain/ids.ts';
import { detailsOf } from './failures.ts';

export function openOutcome(client: Client): AwaitOutcome {
  return async (operationId, signal) => {
    const handle = client.workflow.getHandle(operationWorkflowId(operationId));
    try {
      await client.connection.withAbortSignal(signal, () => handle.result());
      return { kind: 'completed' };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { kind: 'missing' };
      if (error instanceof WorkflowFailedError) return outcomeOf(error);
      throw error;
    }
  };
}

function outcomeOf({ cause }: WorkflowFailedError): Outcome {
  if (cause instanceof TerminatedFailure) return { kind: 'terminated', reason: cause.message };
  if (cause instanceof CancelledFailure) return { kind: 'canceled' };
  if (cause instanceof TimeoutFailure) return { kind: 'timedOut' };
  return { kind: 'failed', failure: detailsOf(cause) };
}
