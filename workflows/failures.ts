/** What an activity's failure says, as data. */
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';
import type { Failure } from '../domain/failures.ts';

export function causeOf(error: unknown): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const details = detailsOf(cause);
  if (details) return details;
  if (cause instanceof TimeoutFailure) {
    // A step that was tried until the time was up: what it failed of last is the reason, when it failed of something.
    return detailsOf(cause.cause) ?? DEADLINE;
  }
  if (isCancellation(error) || cause instanceof CancelledFailure) {
    return { code: 'OperationCanceled', message: 'The workflow was canceled.' };
  }
  return { code: 'InternalFault', message: 'A step failed inside the platform.' };
}

/** The failure that was thrown on purpose, or null. */
export function detailsOf(cause: unknown): Failure | null {
  const detail: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : null;
  return isFailure(detail) ? detail : null;
}

/** Ends a workflow so that operators see at once that, and by its type why, the operation did not succeed. */
export function asWorkflowFailure(failure: Failure): ApplicationFailure {
  return ApplicationFailure.create({
    type: failure.code,
    message: failure.serviceId ? `${failure.serviceId}: ${failure.message}` : failure.message,
    nonRetryable: true,
    details: [failure],
  });
}

const DEADLINE: Failure = { code: 'ProgressDeadlineExceeded', message: 'A step had not ended when the time was up.' };

function isFailure(detail: unknown): detail is Failure {
  return typeof detail === 'object' && detail !== null && 'code' in detail && 'message' in detail;
}
