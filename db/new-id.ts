import { v7 } from 'uuid';
import type { TraceId } from '../domain/ids.ts';

/** A new id: sortable by the time it was made, e.g. `newId('env')` -> `env-0193a1b2…`. */
export function newId<P extends string>(prefix: P): `${P}-${string}` {
  return `${prefix}-${v7().replaceAll('-', '')}`;
}

const TRACE_BYTES = 16;
/** Random bytes are had by the hundred: every call needs some. */
const random = Buffer.alloc(256 * TRACE_BYTES);
let at = random.length;

/** A trace that begins here. */
export function newTraceId(): TraceId {
  if (at === random.length) {
    crypto.getRandomValues(random);
    at = 0;
  }
  return `trace-${random.toString('hex', at, (at += TRACE_BYTES))}`;
}
