/** Values of a template with their expressions evaluated, and their loops unrolled. */
import { MAX_TURNS } from './bounds.ts';
import { evaluate } from './expressions/evaluate.ts';
import { isExpression, literalOf } from './expressions/parse.ts';
import { UNKNOWN, type Held, type Setting } from './expressions/setting.ts';
import { isObject, kindOf, pointerTo, type Json, type JsonObject } from './json.ts';
import type { Problems } from './problems.ts';
import { Refusal } from './refusal.ts';

export interface Filled {
  /** With null where something is not known yet. */
  value: Json;
  isKnown: boolean;
  /** Pointers into the value, of what came from a secret. */
  secrets: string[];
}

/** A loop as the template has it: on a resource, a variable, an output, or within any object. */
export interface DeclaredLoop {
  name: string;
  count: Json;
  input: Json;
}

/** What is wrong is noted, each thing where it stands; the value is good for nothing then. */
export function fill(json: Json, pointer: string, setting: Setting, problems: Problems): Filled {
  const filled: Filled = { value: null, isKnown: true, secrets: [] };
  filled.value = new Filler(filled, problems).fill(json, pointer, '', setting);
  problems.attempt(pointer, () => setting.budget.measure(filled.value));
  return filled;
}

/** As one value that a name stands for. */
export function held({ value, isKnown, secrets }: Filled): Held {
  return { value: isKnown ? value : UNKNOWN, isSecret: secrets.length > 0 };
}

class Filler {
  readonly #filled: Filled;
  readonly #problems: Problems;

  constructor(filled: Filled, problems: Problems) {
    this.#filled = filled;
    this.#problems = problems;
  }

  /** @param into the place in what is made, which loops make another one than the place in the template */
  fill(json: Json, pointer: string, into: string, setting: Setting): Json {
    this.#problems.attempt(pointer, () => setting.budget.spend(1));
    if (typeof json === 'string') return this.#text(json, pointer, into, setting);
    if (typeof json !== 'object' || json === null) return json;
    const made = this.#problems.attempt(pointer, () =>
      setting.budget.deeper(() => this.#whole(json, pointer, into, setting)),
    );
    return made ?? null;
  }

  #whole(json: Json[] | JsonObject, pointer: string, into: string, setting: Setting): Json {
    if (!Array.isArray(json)) return this.#object(json, pointer, into, setting);
    return json.map((item, index) => this.fill(item, pointerTo(pointer, index), pointerTo(into, index), setting));
  }

  #text(text: string, pointer: string, into: string, setting: Setting): Json {
    if (!isExpression(text)) return literalOf(text);
    const found = this.#problems.attempt(pointer, () => evaluate(setting.parse(text), setting));
    if (found?.isSecret) this.#filled.secrets.push(into);
    if (found && found.value !== UNKNOWN) return found.value;
    this.#filled.isKnown = false;
    return null;
  }

  #object(object: JsonObject, pointer: string, into: string, setting: Setting): JsonObject {
    const members: [string, Json][] = [];
    for (const [written, value] of Object.entries(object)) {
      const place = pointerTo(pointer, written);
      const loops = written === 'copy' ? loopsOf(value) : null;
      if (loops) {
        loops.forEach((loop, index) => members.push(this.#loop(loop, pointerTo(place, index), into, setting)));
        continue;
      }
      const name = this.#problems.attempt(place, () => nameOf(written, setting));
      if (name !== undefined) members.push([name, this.fill(value, place, pointerTo(into, name), setting)]);
    }
    return Object.fromEntries(members);
  }

  #loop(loop: DeclaredLoop, pointer: string, into: string, setting: Setting): [string, Json] {
    const count = this.#problems.attempt(pointerTo(pointer, 'count'), () => turnsOf(loop.count, setting)) ?? 0;
    const items = Array.from({ length: count }, (_, index) =>
      this.fill(loop.input, pointerTo(pointer, 'input'), pointerTo(pointerTo(into, loop.name), index), {
        ...setting,
        loops: [...setting.loops, { name: loop.name, index }],
      }),
    );
    return [loop.name, items];
  }
}

/** The loops of an object's `copy`, or null when it is a member like others. */
export function loopsOf(value: Json): DeclaredLoop[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const loops = value.map((one) => {
    if (!isObject(one) || typeof one.name !== 'string') return null;
    const { name, count, input } = one;
    return count === undefined || input === undefined ? null : { name, count, input };
  });
  return loops.every((loop) => loop !== null) ? loops : null;
}

/** @throws Refusal */
export function turnsOf(count: Json, setting: Setting): number {
  const value = fixed(count, { ...setting, surroundings: null }, 'The count of a loop');
  const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_TURNS;
  if (!isCount) throw new Refusal('InvalidArgument', `The count of a loop is a whole number of 0 to ${MAX_TURNS}.`);
  return value;
}

/** A value that is known from the start and that everybody may see. @throws Refusal */
export function fixed(json: Json, setting: Setting, what: string): Json {
  if (typeof json !== 'string') return json;
  if (!isExpression(json)) return literalOf(json);
  const { value, isSecret } = evaluate(setting.parse(json), { ...setting, surroundings: null });
  if (isSecret) throw new Refusal('SecretInTheOpen', `${what} comes from a secret.`);
  if (value === UNKNOWN) throw new Refusal('NotKnownYet', `${what} has to be known from the start.`);
  return value;
}

/** @throws Refusal */
export function fixedText(json: Json | undefined, setting: Setting, what: string): string {
  const value = json === undefined ? undefined : fixed(json, setting, what);
  if (typeof value === 'string' && value !== '') return value;
  const found = value === undefined ? 'is missing' : value === '' ? 'is empty' : `is of the type ${kindOf(value)}`;
  throw new Refusal('InvalidShape', `${what} ${found}: it is a text.`);
}

function nameOf(written: string, setting: Setting): string {
  return isExpression(written) ? fixedText(written, setting, 'The name of a member') : literalOf(written);
}
