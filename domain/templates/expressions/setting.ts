/** What an expression is evaluated in. */
import type { Budget } from '../bounds.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Expression } from './parse.ts';

/** A value that is known only when an earlier wave has ended. */
export const UNKNOWN = Symbol('not known yet');
export type Known = Json | typeof UNKNOWN;

/**
 * A value, and whether it came from a secret: from a parameter that is one, or from an action that lists secrets. What is
 * made out of a secret is one, whole: also the branch that a condition on it chose.
 */
export interface Held {
  value: Known;
  isSecret: boolean;
}

/** Something of a resource that the world is asked for. */
export interface WorldRequest {
  /** The symbol of a resource of this template; or, where the template has it not, null. */
  symbol: string | null;
  /** Its universal id; null where only the system that makes it will name it. */
  id: string | null;
  apiVersion: string | null;
  /** The action, `listSecrets`; null for the resource itself. */
  action: string | null;
}

/**
 * The world, as far as it is known: the resource as it is read (id, name, properties …), in which there are no secrets, or
 * the action's answer, which is one; undefined as long as nobody has asked for it.
 */
export type World = (request: WorldRequest) => Json | undefined;

/** A resource that an expression names. */
export interface Named {
  symbol: string | null;
  id: string | null;
  apiVersion: string | null;
  /** `reference()` of it is all of it: a resource of an extension. Of another one it is its properties, unless `Full`. */
  isWhole: boolean;
}

/** Where resources may be named. */
export interface Surroundings {
  /** The resource of a symbol, a name or an id. @throws Refusal when there is none, or it is not deployed. */
  find(name: string): Named;
  look(request: WorldRequest): Json | undefined;
}

export interface Loop {
  name: string;
  index: number;
}

export interface Setting {
  budget: Budget;
  parse(text: string): Expression;
  /** @throws Refusal, also when there is none of this name. */
  parameter(name: string): Held;
  variable(name: string): Held;
  /** The id that a resource of this type and these names has here. */
  resourceId(type: string, names: readonly string[]): string;
  resourceGroup: JsonObject | null;
  /** The outermost first. */
  loops: readonly Loop[];
  /** Null where everything has to be known before anything is deployed. */
  surroundings: Surroundings | null;
}

export function open(value: Known): Held {
  return { value, isSecret: false };
}
