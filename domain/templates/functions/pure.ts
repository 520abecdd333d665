/** Functions whose value depends on their arguments alone; and what those may be. */
import { kindOf, type Json, type JsonObject } from '../json.ts';
import { Refusal } from '../refusal.ts';

export interface PureFunction {
  least: number;
  most: number;
  /** @throws Refusal */
  run(args: readonly Json[], name: string): Json;
}

/** What an argument may be, and what it is then. */
interface Takes {
  string: string;
  integer: number;
  boolean: boolean;
  array: Json[];
  object: JsonObject;
  any: Json;
}
type Values<K extends readonly (keyof Takes)[]> = { [I in keyof K]: Takes[K[I]] };
type Optional<K extends readonly (keyof Takes)[]> = { [I in keyof K]: Takes[K[I]] | undefined };

/** @param more those that may be left out, after the others. */
export function pure<const K extends readonly (keyof Takes)[], const O extends readonly (keyof Takes)[] = []>(
  takes: K,
  run: (...args: [...Values<K>, ...Optional<O>]) => Json,
  more?: O,
): PureFunction {
  const kinds = [...takes, ...(more ?? [])];
  return {
    least: takes.length,
    most: kinds.length,
    run(args, name) {
      args.forEach((arg, index) => checkKind(name, index, arg, kinds[index] ?? 'any'));
      return run(...(args as [...Values<K>, ...Optional<O>]));
    },
  };
}

/** A function of as many arguments as one likes, all of one kind. */
export function variadic<K extends keyof Takes>(kind: K, least: number, run: (args: Takes[K][]) => Json): PureFunction {
  return {
    least,
    most: Infinity,
    run(args, name) {
      args.forEach((arg, index) => checkKind(name, index, arg, kind));
      return run(args as Takes[K][]);
    },
  };
}

/** The same work for texts, lists and objects, each in its way. */
export function checkKind(name: string, index: number, arg: Json, kind: keyof Takes): void {
  if (kind !== 'any' && kindOf(arg) !== kind) throw misfit(name, index, arg, nounOf(kind));
}

/** @param wanted `a string`, `an array or an object` */
export function misfit(name: string, index: number, arg: Json, wanted: string): Refusal {
  return new Refusal('WrongType', `Argument ${index + 1} of ${name}() is ${nounOf(kindOf(arg))}, and not ${wanted}.`);
}

export function nounOf(kind: string): string {
  if (kind === 'null') return kind;
  return `${/^[aio]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

export function unfit(message: string): Refusal {
  return new Refusal('InvalidArgument', message);
}
