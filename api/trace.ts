/** Every call belongs to a W3C trace; its id is what callers quote. */
import { newTraceId } from '../db/new-id.ts';
import type { TraceId } from '../domain/ids.ts';

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** Continues the caller's trace, or begins one. A `traceparent` that does not parse is left aside, as W3C asks. */
export function traceIdOf(traceparent: string | undefined): TraceId {
  const continued = traceparent === undefined ? null : TRACEPARENT.exec(traceparent.trim());
  return continued ? `trace-${continued[1]}` : newTraceId();
}
