/**
 * What is called like a function and is none: it does not look at all of what it is given, or its value depends on where it
 * stands. By their names in lower case.
 */
import { kindOf, type Json, type Kind } from '../json.ts';
import { Refusal } from '../refusal.ts';
import { misfit, nounOf } from '../functions/pure.ts';
import { pathOf } from '../path.ts';
import type { Call, Expression } from './parse.ts';
import { open, UNKNOWN, type Held, type Named, type Setting, type Surroundings } from './setting.ts';

export type Read = (expression: Expression) => Held;
export interface Form {
  least: number;
  most: number;
  run(call: Call, read: Read, setting: Setting): Held;
}

export const FORMS: Readonly<Record<string, Form>> = {
  if: { least: 3, most: 3, run: (call, read) => choose(call, read) },
  and: { least: 2, most: Infinity, run: (call, read) => firstThat(call, read, false) },
  or: { least: 2, most: Infinity, run: (call, read) => firstThat(call, read, true) },
  coalesce: { least: 1, most: Infinity, run: (call, read) => coalesce(call, read) },
  parameters: { least: 1, most: 1, run: (call, read, setting) => setting.parameter(openText(call, read, 0)) },
  variables: { least: 1, most: 1, run: (call, read, setting) => setting.variable(openText(call, read, 0)) },
  copyindex: { least: 0, most: 2, run: (call, read, setting) => open(indexOf(call, read, setting)) },
  resourcegroup: { least: 0, most: 0, run: (call, _read, setting) => open(groupOf(call, setting)) },
  resourceid: { least: 2, most: Infinity, run: (call, read, setting) => resourceId(call, read, setting) },
  extensionresourceid: { least: 3, most: Infinity, run: (call, read) => extensionResourceId(call, read) },
  reference: { least: 1, most: 3, run: (call, read, setting) => reference(call, read, setting) },
};

/** `listSecrets`, `listKeys`: an action of a resource whose answer is a secret. `listSecrets` is what there is here. */
export const LIST_FORM: Form = { least: 1, most: 3, run: list };

export function isList(name: string): boolean {
  return /^list[a-z]+$/i.test(name);
}

function choose(call: Call, read: Read): Held {
  const [condition, yes, no] = call.args as [Expression, Expression, Expression];
  const chosen = read(condition);
  if (chosen.value === UNKNOWN) {
    guess([yes, no], read);
    return chosen;
  }
  const held = read(need(call, 0, chosen.value, 'boolean') ? yes : no);
  return { value: held.value, isSecret: held.isSecret || chosen.isSecret };
}

/** The first that is `wanted` decides; what comes after it is not looked at. */
function firstThat(call: Call, read: Read, wanted: boolean): Held {
  let isSecret = false;
  for (const [index, arg] of call.args.entries()) {
    const held = read(arg);
    isSecret ||= held.isSecret;
    if (held.value === UNKNOWN) {
      guess(call.args.slice(index + 1), read);
      return { value: UNKNOWN, isSecret };
    }
    if (need(call, index, held.value, 'boolean') === wanted) return { value: wanted, isSecret };
  }
  return { value: !wanted, isSecret };
}

function coalesce(call: Call, read: Read): Held {
  let isSecret = false;
  for (const [index, arg] of call.args.entries()) {
    const held = read(arg);
    isSecret ||= held.isSecret;
    if (held.value === UNKNOWN) guess(call.args.slice(index + 1), read);
    if (held.value !== null) return { value: held.value, isSecret };
  }
  return { value: null, isSecret };
}

/** Evaluates what may not be needed, for the resources that it names; what is wrong with it counts when it is needed. */
function guess(args: readonly Expression[], read: Read): void {
  for (const arg of args) {
    try {
      read(arg);
    } catch (error) {
      if (!(error instanceof Refusal) || error.fault === 'TooLarge') throw error;
    }
  }
}

function indexOf(call: Call, read: Read, { loops }: Setting): number {
  const values = call.args.map((_arg, index) => openValue(call, read, index));
  const [name, offset = 0] = typeof values[0] === 'string' ? values : [undefined, ...values];
  const at = values.length - 1;
  if (typeof offset !== 'number') throw misfit(call.name, at, offset, 'an integer');
  const loop =
    name === undefined ? loops[0] : loops.find((one) => one.name.toLowerCase() === String(name).toLowerCase());
  if (!loop) throw new Refusal('InvalidArgument', `${call.name}() stands in no such loop.`, call.at);
  return loop.index + offset;
}

function groupOf(call: Call, { resourceGroup }: Setting): Json {
  if (!resourceGroup) throw new Refusal('MissingScope', `${call.name}(): this deployment is in no group.`, call.at);
  return resourceGroup;
}

function resourceId(call: Call, read: Read, setting: Setting): Held {
  const { texts, isSecret } = textsOf(call, read);
  if (!texts) return { value: UNKNOWN, isSecret };
  const [type = '', ...names] = texts;
  if (!type.includes('/')) {
    const advice = 'a resource elsewhere is named by its whole id';
    throw new Refusal('NotSupported', `${call.name}() takes the type first: ${advice}.`, call.at);
  }
  return { value: setting.resourceId(type, names), isSecret };
}

function extensionResourceId(call: Call, read: Read): Held {
  const { texts, isSecret } = textsOf(call, read);
  if (!texts) return { value: UNKNOWN, isSecret };
  const [base = '', type = '', ...names] = texts;
  return { value: `${base}/providers/${pathOf(type, names)}`, isSecret };
}

function reference(call: Call, read: Read, setting: Setting): Held {
  const asked = target(call, read, setting);
  if (!asked) return open(UNKNOWN);
  const { named, look } = asked;
  const isFull = call.args.length > 2 && openText(call, read, 2).toLowerCase() === 'full';
  const found = look(null);
  if (found === undefined) return open(UNKNOWN);
  if (named.isWhole || isFull) return open(found);
  const properties =
    typeof found === 'object' && found !== null && !Array.isArray(found) ? found.properties : undefined;
  return open(properties ?? {});
}

function list(call: Call, read: Read, setting: Setting): Held {
  if (call.args.length > 2) throw new Refusal('NotSupported', `${call.name}() takes no body here.`, call.at);
  const found = target(call, read, setting)?.look(call.name);
  return { value: found === undefined ? UNKNOWN : found, isSecret: true };
}

/** Null when it is not known yet which one is meant. */
function target(call: Call, read: Read, { surroundings }: Setting) {
  if (!surroundings) throw notHere(call);
  const { value, isSecret } = read(call.args[0] as Expression);
  if (isSecret) throw inTheOpen(call);
  if (value === UNKNOWN) return null;
  const named = surroundings.find(need(call, 0, value, 'string') as string);
  const apiVersion = call.args.length > 1 ? openText(call, read, 1) : named.apiVersion;
  const { symbol, id } = named;
  return { named, look: lookAt(surroundings, { symbol, id, apiVersion }) };
}

function lookAt(surroundings: Surroundings, request: Pick<Named, 'symbol' | 'id' | 'apiVersion'>) {
  return (action: string | null) => surroundings.look({ ...request, action });
}

function notHere(call: Call): Refusal {
  const places = 'the properties of a resource, and outputs';
  return new Refusal(
    'NotKnownYet',
    `${call.name}() is known too late for this place: it may stand in ${places}.`,
    call.at,
  );
}

function inTheOpen(call: Call): Refusal {
  return new Refusal('SecretInTheOpen', `What ${call.name}() is asked for comes from a secret.`, call.at);
}

/** Null as long as one of them is not known. */
function textsOf(call: Call, read: Read): { texts: string[] | null; isSecret: boolean } {
  const held = call.args.map((arg) => read(arg));
  const isSecret = held.some((one) => one.isSecret);
  if (held.some(({ value }) => value === UNKNOWN)) return { texts: null, isSecret };
  return { texts: held.map(({ value }, index) => need(call, index, value as Json, 'string') as string), isSecret };
}

function openText(call: Call, read: Read, index: number): string {
  return need(call, index, openValue(call, read, index), 'string') as string;
}

/** An argument that decides what is looked at. */
function openValue(call: Call, read: Read, index: number): Json {
  const { value, isSecret } = read(call.args[index] as Expression);
  if (isSecret) throw inTheOpen(call);
  if (value === UNKNOWN) {
    throw new Refusal(
      'NotKnownYet',
      `Argument ${index + 1} of ${call.name}() has to be known from the start.`,
      call.at,
    );
  }
  return value;
}

function need(call: Call, index: number, value: Json, kind: Kind): Json {
  if (kindOf(value) !== kind) throw misfit(call.name, index, value, nounOf(kind));
  return value;
}
