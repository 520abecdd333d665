/** Bounds, so that no template takes for ever. Those of counts and of an expression's length are Azure's own. */
import type { Json } from './json.ts';
import { Refusal } from './refusal.ts';

export const MAX_RESOURCES = 800;
export const MAX_PARAMETERS = 256;
export const MAX_VARIABLES = 512;
export const MAX_OUTPUTS = 64;
/** Turns of one loop. */
export const MAX_TURNS = 800;
export const MAX_EXPRESSION = 24_576;
/** Of brackets in an expression, of members in a value. */
export const MAX_DEPTH = 64;
/** Of a template, of a value: characters, and one for each value within. */
export const MAX_SIZE = 1_000_000;
/** Templates within templates. */
export const MAX_NESTED = 4;
/** Evaluations within evaluations: a variable that names a variable, and so on. */
const MAX_EVALUATIONS_DEEP = 500;
/** Values read and made, in characters and values: a second or two at the very worst, in which nobody else is served. */
const MAX_WORK = 1_000_000;

interface Extent {
  size: number;
  depth: number;
}

/** What one look at a template may still cost. */
export class Budget {
  #left = MAX_WORK;
  #deep = 0;
  /** A value may hold another one many times: what it would be in full is known without walking through it again. */
  readonly #measured = new WeakMap<object, Extent>();

  /** For the next look at the same template. */
  renew(): void {
    this.#left = MAX_WORK;
  }

  spend(work: number): void {
    this.#left -= work;
    if (this.#left < 0) throw new Refusal('TooLarge', 'The template takes more work than any may.');
  }

  deeper<T>(step: () => T): T {
    if (this.#deep >= MAX_EVALUATIONS_DEEP) {
      throw new Refusal('TooLarge', `More than ${MAX_EVALUATIONS_DEEP} evaluations stand within each other.`);
    }
    this.#deep += 1;
    try {
      return step();
    } finally {
      this.#deep -= 1;
    }
  }

  /** The size of a value that is within the bounds. */
  measure(value: Json): number {
    return this.#extentOf(value, 0).size;
  }

  #extentOf(value: Json, above: number): Extent {
    if (typeof value === 'string') return within({ size: 1 + value.length, depth: 0 }, above);
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new Refusal('InvalidArgument', 'A number is larger than JSON can say.');
    }
    if (typeof value !== 'object' || value === null) return { size: 1, depth: 0 };
    const known = this.#measured.get(value);
    if (known) return within(known, above);
    within({ size: 0, depth: 1 }, above);
    const extent = { size: 1, depth: 1 };
    const items = Array.isArray(value) ? value : Object.values(value);
    const names = Array.isArray(value) ? [] : Object.keys(value);
    for (const name of names) extent.size += name.length;
    for (const item of items) {
      const { size, depth } = this.#extentOf(item, above + 1);
      extent.size += size;
      extent.depth = Math.max(extent.depth, depth + 1);
      within(extent, above);
    }
    this.#measured.set(value, extent);
    return extent;
  }
}

function within(extent: Extent, above: number): Extent {
  if (extent.size > MAX_SIZE) throw tooLong();
  if (extent.depth + above > MAX_DEPTH) {
    throw new Refusal('TooLarge', `A value is more than ${MAX_DEPTH} levels deep.`);
  }
  return extent;
}

/** To be called before a text of so many characters is made. */
export function checkLength(length: number): void {
  if (length > MAX_SIZE) throw tooLong();
}

function tooLong(): Refusal {
  return new Refusal('TooLarge', `A value is larger than ${MAX_SIZE} characters and members.`);
}
