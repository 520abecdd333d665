/** Whatever was thrown, as a refusal the caller may read. */
import { OperationFault } from '../domain/failures.ts';
import { PlatformError } from '../domain/errors.ts';
import { DatabaseError } from '../db/errors.ts';

export function refusalOf(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  if (error instanceof OperationFault && error.failure.code === 'ComputeUnavailable') {
    return new PlatformError('ComputeUnavailable', 'The compute target cannot be reached now.', { cause: error });
  }
  if (isBadPath(error)) return new PlatformError('RouteNotFound', 'There is nothing at this path.', { cause: error });
  const what = error instanceof DatabaseError ? new Error(error.message) : error;
  return new PlatformError('InternalError', 'Something went wrong on our side; the trace id finds it in our logs.', {
    cause: what,
  });
}

/** What the router throws for a path with broken percent-encoding. */
function isBadPath(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 400;
}
