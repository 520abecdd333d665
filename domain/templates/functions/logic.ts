/** Truth, and comparisons. `if`, `and`, `or` and `coalesce` are no functions: they do not look at all of what they are given. */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../json.ts';
import { misfit, pure, unfit, type PureFunction } from './pure.ts';

export const LOGIC_FUNCTIONS: Record<string, PureFunction> = {
  true: pure([], () => true),
  false: pure([], () => false),
  null: pure([], () => null),
  not: pure(['boolean'], (value) => !value),
  equals: pure(['any', 'any'], (a, b) => isDeepStrictEqual(a, b)),
  less: order('less', (order) => order < 0),
  lessorequals: order('lessOrEquals', (order) => order <= 0),
  greater: order('greater', (order) => order > 0),
  greaterorequals: order('greaterOrEquals', (order) => order >= 0),
  bool: pure(['any'], (value) => {
    if (typeof value === 'boolean') return value;
    if (typeof value === 'number') return value !== 0;
    if (typeof value !== 'string') throw misfit('bool', 0, value, 'a string, a number or a boolean');
    const text = value.toLowerCase();
    if (text !== 'true' && text !== 'false') throw unfit('The text that bool() is given is neither true nor false.');
    return text === 'true';
  }),
};

/** Numbers by their size, strings character by character; nothing else has an order. */
function order(name: string, holds: (order: number) => boolean): PureFunction {
  return pure(['any', 'any'], (a: Json, b: Json) => {
    const isOrdered = typeof a === 'string' || typeof a === 'number';
    if (!isOrdered) throw misfit(name, 0, a, 'a string or a number');
    if (typeof b !== typeof a) throw misfit(name, 1, b, `a ${typeof a}, as the other`);
    return holds(a === b ? 0 : a < (b as typeof a) ? -1 : 1);
  });
}
