/** Whole numbers, as far as JSON carries them exactly. */
import type { Json } from '../json.ts';
import { misfit, pure, unfit, type PureFunction } from './pure.ts';

const calculation = (run: (a: number, b: number) => number) => pure(['integer', 'integer'], (a, b) => exact(run(a, b)));

export const NUMBER_FUNCTIONS: Record<string, PureFunction> = {
  add: calculation((a, b) => a + b),
  sub: calculation((a, b) => a - b),
  mul: calculation((a, b) => a * b),
  div: calculation((a, b) => Math.trunc(a / divisor(b, 'div'))),
  mod: calculation((a, b) => a % divisor(b, 'mod')),
  int: pure(['any'], (value) => {
    if (typeof value !== 'string' && typeof value !== 'number') throw misfit('int', 0, value, 'a string or a number');
    if (typeof value === 'number') return exact(Math.trunc(value));
    if (!/^\s*[-+]?[0-9]+\s*$/.test(value)) throw unfit('The text that int() is given is no whole number.');
    return exact(Number(value));
  }),
  min: { least: 1, most: Infinity, run: (args) => Math.min(...numbersOf('min', args)) },
  max: { least: 1, most: Infinity, run: (args) => Math.max(...numbersOf('max', args)) },
};

function divisor(value: number, name: string): number {
  if (value === 0) throw unfit(`${name}() divides by zero.`);
  return value;
}

function exact(value: number): number {
  if (!Number.isSafeInteger(value)) throw unfit('A number is beyond 2^53, where whole numbers end to be exact.');
  // There is one zero.
  return value + 0;
}

/** The arguments themselves, or the one array that they are in. */
function numbersOf(name: string, args: readonly Json[]): number[] {
  const [first] = args;
  const values = args.length === 1 && Array.isArray(first) ? first : args;
  if (values.length === 0) throw unfit(`${name}() is given an empty array.`);
  if (values.length > 10_000) throw unfit(`${name}() is given more than 10,000 numbers.`);
  return values.map((value, index) => {
    if (!Number.isSafeInteger(value)) throw misfit(name, values === first ? 0 : index, value, 'an integer');
    return value as number;
  });
}
