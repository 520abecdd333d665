import { v4, v7 } from 'uuid';
import type { TraceId } from '../domain/ids.ts';

/** A new id: sortable by the time it was made, e.g. `newId('env')` -> `env-0193a1b2…`. */
export function newId<P extends string>(prefix: P): `${P}-${string}` {
  return `${prefix}-${v7().replaceAll('-', '')}`;
}

/** A trace that begins here. */
export function newTraceId(): TraceId {
  return `trace-${v4().replaceAll('-', '')}`;
}
