/** Every call belongs to a W3C trace; its id is what callers quote. */
import { randomFillSync } from 'node:crypto';
import type { TraceId } from '../domain/ids.ts';

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** Continues the caller's trace, or begins one. A `traceparent` that does not parse is left aside, as W3C asks. */
export function traceIdOf(traceparent: string | undefined): TraceId {
  const continued = traceparent === undefined ? null : TRACEPARENT.exec(traceparent.trim());
  return `trace-${continued?.[1] ?? newTrace()}`;
}

const BYTES = 16;
/** Random bytes are had by the hundred: every call needs some. */
const random = Buffer.alloc(256 * BYTES);
let at = random.length;

function newTrace(): string {
  if (at === random.length) {
    randomFillSync(random);
    at = 0;
  }
  return random.toString('hex', at, (at += BYTES));
}
