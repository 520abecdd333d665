import { v7 } from 'uuid';

/** A new id: sortable by the time it was made, e.g. `newId('env')` -> `env-0193a1b2…`. */
export function newId<P extends string>(prefix: P): `${P}-${string}` {
  return `${prefix}-${v7().replaceAll('-', '')}`;
}
