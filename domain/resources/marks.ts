/** Where a schema marks properties, and what stands there in a value. */
import { isObject, type Json, type JsonObject, type Place } from './json.ts';
import type { Schema } from './type.ts';

/** Where marked properties are; never within a list, whose items have no name to be known by. */
export type Path = readonly Step[];
/** A name, or any that is not among these. */
type Step = string | ReadonlySet<string>;

export type Mark = 'readOnly' | 'x-radius-sensitive';

/** The outermost properties with this mark. */
export function pathsOf({ properties = {}, additionalProperties }: Schema, mark: Mark): Path[] {
  const inner: [Step, Schema][] = Object.entries(properties);
  if (typeof additionalProperties === 'object') inner.push([new Set(Object.keys(properties)), additionalProperties]);
  return inner.flatMap(([step, schema]): Path[] =>
    schema[mark] ? [[step]] : pathsOf(schema, mark).map((path) => [step, ...path]),
  );
}

/** The places in a value that lie on these paths and have something, null included. */
export function placesAt(value: JsonObject, paths: Path[]): Place[] {
  return paths.flatMap((path) => placesOn(value, path));
}

function placesOn(value: Json | undefined, [step, ...rest]: Path): Place[] {
  if (step === undefined) return [[]];
  if (!isObject(value)) return [];
  const names = Object.keys(value).filter((name) => isStep(step, name));
  return names.flatMap((name) => placesOn(value[name], rest).map((place) => [name, ...place]));
}

/** Whether a place is on one of these paths, whatever stands there. */
export function isOn(place: Place, paths: Path[]): boolean {
  return paths.some((path) => path.length === place.length && path.every((step, at) => isStep(step, place[at] ?? '')));
}

function isStep(step: Step, name: string): boolean {
  return typeof step === 'string' ? step === name : !step.has(name);
}
