/** A JSON value, and what stands at places in it. Names are the caller's: `constructor` is one like any other. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

/** The names from an object to something within it, through objects only. */
export type Place = readonly string[];

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 6901. */
export function pointerTo(place: Place): string {
  return place.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

export function placeOf(pointer: string): Place {
  const names = pointer.split('/').slice(1);
  return names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Undefined when nothing is there. */
export function valueAt(value: Json | undefined, [name, ...rest]: Place): Json | undefined {
  if (name === undefined) return value;
  return isObject(value) && Object.hasOwn(value, name) ? valueAt(value[name], rest) : undefined;
}

/** The same without what stands there. */
export function without(value: JsonObject, [name, ...rest]: Place): JsonObject {
  if (name === undefined || !Object.hasOwn(value, name)) return value;
  const { [name]: inner, ...others } = value;
  if (rest.length === 0) return others;
  return isObject(inner) ? { ...value, [name]: without(inner, rest) } : value;
}

/** The same with this there; an object that it stands in is made, and what is no object stays as it is. */
export function withValue(value: JsonObject, [name, ...rest]: Place, put: Json): JsonObject {
  if (name === undefined) return value;
  if (rest.length === 0) return { ...value, [name]: put };
  const inner = valueAt(value, [name]) ?? {};
  return isObject(inner) ? { ...value, [name]: withValue(inner, rest, put) } : value;
}
