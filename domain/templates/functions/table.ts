import { LIST_FUNCTIONS } from './lists.ts';
import { LOGIC_FUNCTIONS } from './logic.ts';
import { NUMBER_FUNCTIONS } from './numbers.ts';
import { OBJECT_FUNCTIONS } from './objects.ts';
import type { PureFunction } from './pure.ts';
import { TEXT_FUNCTIONS } from './text.ts';

/** By their names in lower case: a template may write them as it likes. */
export const PURE_FUNCTIONS: Readonly<Record<string, PureFunction>> = {
  ...LIST_FUNCTIONS,
  ...LOGIC_FUNCTIONS,
  ...NUMBER_FUNCTIONS,
  ...OBJECT_FUNCTIONS,
  ...TEXT_FUNCTIONS,
};

/** Those that Azure has and that are left out on purpose, and what to do instead. */
export const ABSENT_FUNCTIONS: Readonly<Record<string, string>> = {
  newguid: 'it has another value each time it is asked: give the value as a parameter',
  utcnow: 'it has another value each time it is asked: give the value as a parameter',
  uniquestring: 'its hash is not documented, so the names would not be those of Azure: give the value as a parameter',
  guid: 'its hash is not documented, so the values would not be those of Azure: give the value as a parameter',
};
