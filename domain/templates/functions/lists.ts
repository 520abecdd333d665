/** Arrays, and what has a meaning for arrays and texts alike. */
import { isDeepStrictEqual } from 'node:util';
import { canonicalJson } from '../../hash.ts';
import { isObject, named, type Json } from '../json.ts';
import { checkKind, misfit, pure, unfit, variadic, type PureFunction } from './pure.ts';
import { concatenate } from './text.ts';

/** As documented. */
const MAX_RANGE = 10_000;

export const LIST_FUNCTIONS: Record<string, PureFunction> = {
  array: pure(['any'], (value) => (Array.isArray(value) ? value : [value])),
  concat: {
    least: 1,
    most: Infinity,
    run(args, name) {
      if (!Array.isArray(args[0])) return concatenate.run(args.map(scalar), name);
      args.forEach((arg, index) => checkKind(name, index, arg, 'array'));
      return args.flat();
    },
  },
  contains: pure(['any', 'any'], (container, wanted) => {
    if (Array.isArray(container)) return container.some((item) => isDeepStrictEqual(item, wanted));
    if (typeof wanted !== 'string') throw misfit('contains', 1, wanted, 'a string');
    if (typeof container === 'string') return container.includes(wanted);
    if (isObject(container)) return named(container, wanted) !== undefined;
    throw misfit('contains', 0, container, 'a string, an array or an object');
  }),
  createarray: variadic('any', 0, (args) => args),
  empty: pure(['any'], (value) => value === null || lengthOf('empty', value) === 0),
  first: pure(['any'], (value) => edge('first', value, 0)),
  indexof: pure(['any', 'any'], (value, wanted) => find('indexOf', value, wanted)),
  last: pure(['any'], (value) => edge('last', value, -1)),
  lastindexof: pure(['any', 'any'], (value, wanted) => find('lastIndexOf', value, wanted)),
  length: pure(['any'], (value) => lengthOf('length', value)),
  range: pure(['integer', 'integer'], (from, count) => {
    if (count < 0 || count > MAX_RANGE) throw unfit(`range() makes 0 to ${MAX_RANGE} numbers.`);
    if (!Number.isSafeInteger(from + count)) throw unfit('range() reaches beyond the numbers that are exact.');
    return Array.from({ length: count }, (_, index) => from + index);
  }),
  skip: pure(['any', 'integer'], (value, count) => sequence('skip', value).slice(Math.max(0, count))),
  take: pure(['any', 'integer'], (value, count) => sequence('take', value).slice(0, Math.max(0, count))),
};

/** The items of the first that are in all of the others, each once. */
export function intersectionOfLists([first = [], ...others]: Json[][]): Json[] {
  const sets = others.map((items) => new Set(items.map(canonicalJson)));
  return unionOfLists([first]).filter((item) => {
    const key = canonicalJson(item);
    return sets.every((set) => set.has(key));
  });
}

/** Each item once, in the order of their first coming. */
export function unionOfLists(lists: Json[][]): Json[] {
  const items = new Map<string, Json>();
  for (const item of lists.flat()) {
    const key = canonicalJson(item);
    if (!items.has(key)) items.set(key, item);
  }
  return [...items.values()];
}

function scalar(value: Json, index: number): Json {
  if (typeof value === 'object' && value !== null) throw misfit('concat', index, value, 'a string, as the first');
  return value;
}

function sequence(name: string, value: Json): string | Json[] {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  throw misfit(name, 0, value, 'a string or an array');
}

function lengthOf(name: string, value: Json): number {
  return isObject(value) ? Object.keys(value).length : sequence(name, value).length;
}

function edge(name: string, value: Json, at: number): Json {
  const found = sequence(name, value).at(at);
  if (found !== undefined) return found;
  if (typeof value === 'string') return '';
  throw unfit(`${name}() is given an empty array.`);
}

function find(name: 'indexOf' | 'lastIndexOf', value: Json, wanted: Json): number {
  const within = sequence(name, value);
  if (typeof within === 'string') {
    if (typeof wanted !== 'string') throw misfit(name, 1, wanted, 'a string');
    return within.toLowerCase()[name](wanted.toLowerCase());
  }
  const isWanted = (item: Json) => isDeepStrictEqual(item, wanted);
  return name === 'indexOf' ? within.findIndex(isWanted) : within.findLastIndex(isWanted);
}
