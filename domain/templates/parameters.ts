/** The parameters of a template: what it declares, what it is given, and whether these fit. */
import { isDeepStrictEqual } from 'node:util';
import type { Budget } from './bounds.ts';
import { isExpression } from './expressions/parse.ts';
import { UNKNOWN, type Held, type Setting } from './expressions/setting.ts';
import { fill, held } from './fill.ts';
import { own } from '../own.ts';
import { isObject, kindOf, named, pointerTo, type Json, type JsonObject, type Kind } from './json.ts';
import { lazily } from './names.ts';
import { Problems } from './problems.ts';
import { Refusal } from './refusal.ts';
import { nounOf } from './functions/pure.ts';

/** The types of parameters and outputs, in lower case, and what their values are. */
const TYPES: Readonly<Record<string, Kind>> = {
  string: 'string',
  securestring: 'string',
  int: 'integer',
  bool: 'boolean',
  object: 'object',
  secureobject: 'object',
  array: 'array',
};

export type Given = Readonly<Record<string, Held>>;

/** Where the parameters of one template are declared, and where they are given. */
export interface ParameterPlaces {
  declared: string;
  given: string;
}

export function isSecure(type: Json | undefined): boolean {
  return typeof type === 'string' && type.toLowerCase().startsWith('secure');
}

/** @throws Refusal */
export function checkType(value: Json, type: Json | undefined): void {
  const kind = typeof type === 'string' ? own(TYPES, type.toLowerCase()) : undefined;
  if (!kind) throw new Refusal('InvalidShape', `The type is none of ${Object.keys(TYPES).join(', ')}.`);
  const actual = kindOf(value);
  if (actual !== kind) throw new Refusal('WrongType', `This is ${nounOf(actual)}, and its type is ${String(type)}.`);
}

/** What a deployment gives: `{ name: { value } }`. Values are what they are: they hold no expressions. */
export function readGiven(json: Json, pointer: string, problems: Problems): Given {
  if (!isObject(json)) {
    if (json !== null) problems.add(pointer, new Refusal('InvalidShape', 'This is no object.'));
    return {};
  }
  const given: [string, Held][] = [];
  for (const [name, one] of Object.entries(json)) {
    const value = valueIn(one, pointerTo(pointer, name), problems);
    if (value !== undefined) given.push([name, { value, isSecret: false }]);
  }
  return Object.fromEntries(given);
}

/** The `value` of one that is given. */
export function valueIn(one: Json, pointer: string, problems: Problems): Json | undefined {
  if (isObject(one) && one.value !== undefined) return one.value;
  const isElsewhere = isObject(one) && one.reference !== undefined;
  const refusal = isElsewhere
    ? new Refusal('NotSupported', 'A parameter is given by its value: there are no references to key vaults here.')
    : new Refusal('InvalidShape', 'A parameter is given as an object with its value.');
  problems.add(pointer, refusal);
  return undefined;
}

/** Notes everything that is wrong with what is given, and everything that is missing. */
export function checkGiven(
  declared: Record<string, JsonObject>,
  given: Given,
  places: ParameterPlaces,
  budget: Budget,
  problems: Problems,
): void {
  for (const [name, { value, isSecret }] of Object.entries(given)) {
    const place = pointerTo(places.given, name);
    problems.attempt(place, () => {
      const declaration = named(declared, name);
      if (!declaration) throw new Refusal('UnknownParameter', 'The template has no such parameter.');
      if (isSecret && !isSecure(declaration.type)) {
        throw new Refusal('SecretInTheOpen', 'Its value comes from a secret: its type has to be a secure one.');
      }
      if (value === UNKNOWN) return;
      budget.measure(value);
      checkValue(value, declaration);
    });
  }
  for (const [name, { defaultValue, nullable, type }] of Object.entries(declared)) {
    const isGiven = named(given, name) !== undefined;
    if (!isGiven && defaultValue === undefined && nullable !== true) {
      const missing = `The parameter is not given, and has no default. Its type is ${String(type)}.`;
      problems.add(pointerTo(places.given, name), new Refusal('MissingParameter', missing));
    }
  }
}

/** By their names: what is given, else the default, which may be made of other parameters. */
export function parametersOf(
  declared: Record<string, JsonObject>,
  given: Given,
  pointer: string,
  settingOf: () => Setting,
): (name: string) => Held {
  return lazily('parameter', (name) => {
    const declaration = named(declared, name);
    if (!declaration) return undefined;
    return () => {
      const { value, isSecret } = named(given, name) ?? fallback(declaration, pointerTo(pointer, name), settingOf());
      return { value, isSecret: isSecret || isSecure(declaration.type) };
    };
  });
}

/** The places of what has to be kept as a secret is kept: it was given, or it stands in the template. */
export function securePlaces(declared: Record<string, JsonObject>, given: Given, places: ParameterPlaces): string[] {
  const givenPlaces = Object.keys(given)
    .filter((name) => isSecure(named(declared, name)?.type))
    .map((name) => pointerTo(pointerTo(places.given, name), 'value'));
  const defaults = Object.entries(declared)
    .filter(([, { type, defaultValue }]) => isSecure(type) && defaultValue !== undefined && !isComputed(defaultValue))
    .map(([name]) => pointerTo(pointerTo(places.declared, name), 'defaultValue'));
  return [...givenPlaces, ...defaults];
}

function isComputed(value: Json): boolean {
  return typeof value === 'string' && (value === '' || isExpression(value));
}

function fallback(declaration: JsonObject, pointer: string, setting: Setting): Held {
  const { defaultValue } = declaration;
  if (defaultValue === undefined) return { value: null, isSecret: false };
  const problems = new Problems();
  const made = held(fill(defaultValue, pointerTo(pointer, 'defaultValue'), setting, problems));
  problems.throwIfAny();
  if (made.isSecret && !isSecure(declaration.type)) {
    throw new Refusal('SecretInTheOpen', 'Its default comes from a secret: its type has to be a secure one.');
  }
  if (made.value !== UNKNOWN) checkValue(made.value, declaration);
  return made;
}

/** @throws Refusal */
function checkValue(value: Json, declaration: JsonObject): void {
  const { type, allowedValues, nullable } = declaration;
  if (value === null && nullable === true) return;
  checkType(value, type);
  if (Array.isArray(allowedValues)) checkAllowed(value, allowedValues, isSecure(type));
  const length = typeof value === 'string' || Array.isArray(value) ? value.length : undefined;
  checkRange(length, declaration, ['minLength', 'maxLength'], 'Its length');
  checkRange(typeof value === 'number' ? value : undefined, declaration, ['minValue', 'maxValue'], 'It');
}

/** Of an array each item may be one of them. */
function checkAllowed(value: Json, allowed: Json[], isSecret: boolean): void {
  const isAllowed = (one: Json) => allowed.some((other) => isDeepStrictEqual(one, other));
  if (isAllowed(value) || (Array.isArray(value) && value.every(isAllowed))) return;
  const all = isSecret
    ? ''
    : `: ${allowed
        .slice(0, 20)
        .map((one) => JSON.stringify(one).slice(0, 80))
        .join(', ')}`;
  throw new Refusal('InvalidParameter', `This is none of the values that are allowed${all}.`);
}

function checkRange(size: number | undefined, declaration: JsonObject, bounds: [string, string], what: string): void {
  const [least, most] = bounds.map((name) => declaration[name]);
  if (size === undefined) return;
  if (typeof least === 'number' && size < least)
    throw new Refusal('InvalidParameter', `${what} is less than ${least}.`);
  if (typeof most === 'number' && size > most) throw new Refusal('InvalidParameter', `${what} is more than ${most}.`);
}
