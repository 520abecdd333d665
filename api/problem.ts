/** Refusals as RFC 9457 problem documents. */
import { STATUS_CODES } from 'node:http';
import type { ErrorKind, PlatformError } from '../domain/errors.ts';
import type { TraceId } from '../domain/ids.ts';
import type { Answer } from './endpoint.ts';

const RETRY_AFTER_SECONDS = 5;

export function statusOfKind(kind: ErrorKind): number {
  switch (kind) {
    case 'invalid':
      return 400;
    case 'unauthenticated':
      return 401;
    case 'forbidden':
      return 403;
    case 'notFound':
      return 404;
    case 'methodNotAllowed':
      return 405;
    case 'conflict':
      return 409;
    case 'preconditionFailed':
      return 412;
    case 'tooLarge':
      return 413;
    case 'unsupportedMediaType':
      return 415;
    case 'unprocessable':
      return 422;
    case 'tooMany':
      return 429;
    case 'internal':
      return 500;
    case 'unavailable':
      return 503;
  }
}

/** The whole answer to a refused call. */
export function problemAnswer(error: PlatformError, traceId: TraceId): Answer {
  const status = statusOfKind(error.kind);
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headersOf(error) },
    body: {
      ...error.details,
      type: `urn:slipway:problem:${error.code}`,
      title: STATUS_CODES[status],
      status,
      code: error.code,
      detail: error.publicMessage,
      traceId,
      ...(error.pointers.length > 0 && { errors: error.pointers }),
    },
  };
}

function headersOf(error: PlatformError): Record<string, string> {
  if (error.kind === 'unavailable' || error.kind === 'tooMany') {
    return { 'retry-after': String(error.retryAfterSeconds ?? RETRY_AFTER_SECONDS) };
  }
  if (error.code === 'MethodNotAllowed') return { allow: String(error.details.allow) };
  if (error.code === 'TokenMissing') return { 'www-authenticate': 'Bearer realm="slipway"' };
  if (error.kind === 'unauthenticated') {
    return {
      'www-authenticate': `Bearer realm="slipway", error="invalid_token", error_description="${error.publicMessage}"`,
    };
  }
  if (error.code === 'ScopeMissing') {
    const scope = String(error.details.requiredScope);
    return { 'www-authenticate': `Bearer realm="slipway", error="insufficient_scope", scope="${scope}"` };
  }
  return {};
}
