/** From what went wrong in an activity to what Temporal is told: the one table of what is tried again. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { DatabaseError } from '../db/errors.ts';
import { PlatformError } from '../domain/errors.ts';
import {
  FAILURE_CLASSES,
  OperationFault,
  type Failure,
  type FailureClass,
  type FailureCode,
} from '../domain/failures.ts';

/** A release fault never gets better, a platform fault may; ours means that somebody else owns the operation, or it has ended. */
const RETRYABLE: Record<FailureClass, boolean> = { platform: true, release: false, ours: false };

/**
 * A refused fence is tried again all the same: when the overtaking attempt was a late one that the server had given up,
 * nobody else will go on; when the operation is no longer ours, the next attempt finds that in its row. And a defect may
 * be mended by the next version of the worker, or of the target, while the operation still has time.
 */
function isRetryable(code: FailureCode): boolean {
  return code === 'FenceRefused' || code === 'InternalFault' || RETRYABLE[FAILURE_CLASSES[code]];
}

/** The operation's row has ended or gone another way: this attempt no longer speaks for it. */
export function operationLost(operationId: string): OperationFault {
  return new OperationFault({ code: 'OperationLost', message: `${operationId} is no longer in this attempt's hands.` });
}

/** Names what `error` means for the operation, without stack, query or secret. */
export function failureOf(error: unknown): { failure: Failure; retryable: boolean } {
  if (error instanceof OperationFault) {
    return { failure: error.failure, retryable: isRetryable(error.failure.code) };
  }
  if (error instanceof PlatformError && error.code === 'DatabaseUnavailable') {
    return { failure: { code: 'DatabaseUnavailable', message: error.publicMessage }, retryable: true };
  }
  const message =
    error instanceof DatabaseError ? 'The database refused a step.' : 'A step failed inside the platform.';
  return { failure: { code: 'InternalFault', message }, retryable: true };
}

/** The same fault, as one of this component; what is about the operation as a whole stays so. */
export function inComponent(error: unknown, serviceId: string): unknown {
  if (!(error instanceof OperationFault) || error.failure.serviceId !== undefined) return error;
  const { code } = error.failure;
  if (FAILURE_CLASSES[code] === 'ours' && code !== 'InternalFault') return error;
  return new OperationFault({ ...error.failure, serviceId }, error);
}

/** Throws what Temporal should see; cancellations pass through. */
export function rethrow(error: unknown): never {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) throw error;
  const { failure, retryable } = failureOf(error);
  throw ApplicationFailure.create({
    type: failure.code,
    message: failure.serviceId ? `${failure.serviceId}: ${failure.message}` : failure.message,
    nonRetryable: !retryable,
    details: [failure],
  });
}
