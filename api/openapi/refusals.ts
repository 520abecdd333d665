/** Which refusals an endpoint can give: those of the pipeline, as far as it goes through them, and its own. */
import type { ErrorCode } from '../../domain/errors.ts';
import { ERROR_KINDS } from '../../domain/errors.ts';
import type { Endpoint } from '../endpoint.ts';
import { statusOfKind } from '../problem.ts';

/** Before an endpoint is known: what is no HTTP, comes too slowly, or has headers too large. */
const TRANSPORT: ReadonlyMap<number, ErrorCode[]> = new Map([
  [400, ['MalformedRequest']],
  [408, ['MalformedRequest']],
  [431, ['MalformedRequest']],
]);

const ALWAYS: ErrorCode[] = [
  ...(['TokenMissing', 'TokenInvalid', 'TokenExpired', 'IssuerUnavailable'] as const),
  ...(['MalformedJson', 'ValidationFailed', 'BodyTooLarge', 'UnsupportedMediaType'] as const),
  ...(['TenantClaimInvalid', 'RateLimited', 'DatabaseUnavailable', 'InternalError'] as const),
];

/** Status -> codes, both in order. */
export function refusalsOf(endpoint: Endpoint): Map<number, ErrorCode[]> {
  const { input, target, route, refuses = [] } = endpoint;
  const isMutation = endpoint.kind === 'mutation';
  const codes: ErrorCode[] = [
    ...ALWAYS,
    ...(endpoint.scope === null ? [] : (['ScopeMissing'] as const)),
    ...(input.body ? (['TenantMismatch'] as const) : []),
    // A path whose encoding is broken fits the route, and no parameter.
    ...(route.includes('{') ? (['RouteNotFound'] as const) : []),
    ...(target ? [target.notFound] : []),
    ...(target && !target.isUnbound ? (['BindingRevoked'] as const) : []),
    ...(endpoint.kind === 'watch' || endpoint.kind === 'stream' ? (['TooManyStreams'] as const) : []),
    ...(isMutation ? (['IdempotencyKeyReused'] as const) : []),
    isMutation && endpoint.current ? 'PreconditionFailed' : 'PreconditionNotSupported',
    ...(isMutation && 202 in endpoint.output ? (['QuotaExceeded'] as const) : []),
    ...(isMutation && endpoint.governed ? (['GovernanceDenied', 'GovernanceUnavailable'] as const) : []),
    // What can wait for an approval is accepted.
    ...(isMutation && endpoint.governed && !endpoint.governed.waits ? (['GovernanceApprovalRequired'] as const) : []),
    ...refuses,
  ];
  return byStatus(
    [...TRANSPORT].flatMap(([status, of]) => of.map((code) => [status, code] as const)),
    codes,
  );
}

/** The refusals of what asks for no token and reads no body. */
export function refusalsWithoutToken(): Map<number, ErrorCode[]> {
  return byStatus(
    [...TRANSPORT].flatMap(([status, of]) => of.map((code) => [status, code] as const)),
    [],
  );
}

function byStatus(stated: (readonly [number, ErrorCode])[], codes: ErrorCode[]): Map<number, ErrorCode[]> {
  const all = [...stated, ...codes.map((code) => [statusOfKind(ERROR_KINDS[code]), code] as const)];
  const statuses = new Map<number, ErrorCode[]>();
  for (const [status, code] of all.sort(([left], [right]) => left - right)) {
    statuses.set(status, [...new Set([...(statuses.get(status) ?? []), code])]);
  }
  return statuses;
}
