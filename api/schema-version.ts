import type { TraceId } from '../domain/ids.ts';

/** `major.minor` of the contract that this API speaks. */
export const SCHEMA_VERSION = '1.0';

/** What every response carries, on every transport. */
export function standardHeaders(traceId: TraceId): Record<string, string> {
  return { 'cs-schema-version': SCHEMA_VERSION, 'x-trace-id': traceId };
}
