/** Refusals as gRPC statuses. */
import { Metadata, status as codes, type ServerErrorResponse } from '@grpc/grpc-js';
import type { ErrorKind, PlatformError } from '../../domain/errors.ts';
import type { TraceId } from '../../domain/ids.ts';

export function statusOfKind(kind: ErrorKind): codes {
  switch (kind) {
    case 'invalid':
    case 'unsupportedMediaType':
      return codes.INVALID_ARGUMENT;
    case 'tooLarge':
    case 'tooMany':
      return codes.RESOURCE_EXHAUSTED;
    case 'unauthenticated':
      return codes.UNAUTHENTICATED;
    case 'forbidden':
      return codes.PERMISSION_DENIED;
    case 'notFound':
      return codes.NOT_FOUND;
    case 'methodNotAllowed':
      return codes.UNIMPLEMENTED;
    case 'conflict':
    case 'preconditionFailed':
    case 'unprocessable':
      return codes.FAILED_PRECONDITION;
    case 'internal':
      return codes.INTERNAL;
    case 'unavailable':
      return codes.UNAVAILABLE;
  }
}

/**
 * The stable code of the refusal is in the trailer `slipway-error-code`, each wrong field in `slipway-error-field`, and
 * how long to wait where gRPC's retry policies look for it.
 */
export function statusAnswer(error: PlatformError, traceId: TraceId): Partial<ServerErrorResponse> {
  const metadata = new Metadata();
  metadata.set('slipway-error-code', error.code);
  metadata.set('x-trace-id', traceId);
  if (error.retryAfterSeconds !== undefined) {
    metadata.set('grpc-retry-pushback-ms', String(error.retryAfterSeconds * 1000));
  }
  for (const { pointer, message } of error.pointers) metadata.add('slipway-error-field', `${pointer} ${message}`);
  return { code: statusOfKind(error.kind), details: error.publicMessage, metadata };
}
