import type { TraceId } from '../domain/ids.ts';

/** `major.minor` of the contract that this API speaks. */
export const SCHEMA_VERSION = '1.0';

export const VERSION_HEADER = 'cs-schema-version';
export const TRACE_HEADER = 'x-trace-id';

/** What every response carries, on every transport. */
export function standardHeaders(traceId: TraceId): Record<string, string> {
  return { [VERSION_HEADER]: SCHEMA_VERSION, [TRACE_HEADER]: traceId };
}
