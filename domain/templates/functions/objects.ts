/** Objects. */
import { isDeepStrictEqual } from 'node:util';
import { isObject, named, type Json, type JsonObject } from '../json.ts';
import { intersectionOfLists, unionOfLists } from './lists.ts';
import { checkKind, misfit, pure, unfit, variadic, type PureFunction } from './pure.ts';

export const OBJECT_FUNCTIONS: Record<string, PureFunction> = {
  createobject: variadic('any', 0, (args) => {
    if (args.length % 2 === 1)
      throw unfit('createObject() takes names and values in turn, and has a name without one.');
    const members: [string, Json][] = [];
    for (let at = 0; at < args.length; at += 2) {
      const [name, value] = [args[at] as Json, args[at + 1] as Json];
      if (typeof name !== 'string') throw misfit('createObject', at, name, 'a string');
      members.push([name, value]);
    }
    return Object.fromEntries(members);
  }),
  items: pure(['object'], (object) =>
    Object.entries(object)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, value })),
  ),
  objectkeys: pure(['object'], (object) => Object.keys(object)),
  shallowmerge: pure(['array'], (objects) => {
    objects.forEach((one) => checkKind('shallowMerge', 0, one, 'object'));
    return Object.fromEntries(objects.flatMap((one) => Object.entries(one as JsonObject)));
  }),
  tryget: {
    least: 2,
    most: Infinity,
    run: ([from = null, ...steps]) => steps.reduce<Json>((value, step) => memberOf(value, step) ?? null, from),
  },
  union: merging('union', unionOfLists, merged),
  intersection: merging('intersection', intersectionOfLists, (objects) => objects.reduce(common)),
};

/** What a member or an index leads to; undefined where it leads nowhere. */
export function memberOf(value: Json, step: Json): Json | undefined {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isObject(value) && typeof step === 'string' ? named(value, step) : undefined;
}

function merging(
  name: string,
  ofLists: (lists: Json[][]) => Json,
  ofObjects: (objects: JsonObject[]) => Json,
): PureFunction {
  return {
    least: 2,
    most: Infinity,
    run(args) {
      const kind = Array.isArray(args[0]) ? 'array' : 'object';
      args.forEach((arg, index) => checkKind(name, index, arg, kind));
      return kind === 'array' ? ofLists(args as Json[][]) : ofObjects(args as JsonObject[]);
    },
  };
}

/** Objects within objects are merged too; of anything else the later one counts. */
function merged(objects: JsonObject[]): JsonObject {
  const members = new Map<string, Json[]>();
  for (const [name, value] of objects.flatMap((one) => Object.entries(one))) {
    const before = members.get(name);
    if (before && isObject(before.at(-1)) && isObject(value)) before.push(value);
    else members.set(name, [value]);
  }
  return Object.fromEntries(
    [...members].map(([name, values]) => [
      name,
      values.length > 1 ? merged(values as JsonObject[]) : (values[0] as Json),
    ]),
  );
}

/** The members that both have with the same value. */
function common(one: JsonObject, other: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(one).filter(([name, value]) => Object.hasOwn(other, name) && isDeepStrictEqual(value, other[name])),
  );
}
