import { isObject, type Json, type JsonObject } from './json.ts';
import type { ApiVersion, Schema } from './type.ts';

/** A version that was registered by its schema alone: what is stored is what is sent, and each shows what it knows of it. */
export function registeredVersion(schema: Schema): ApiVersion {
  return {
    schema,
    toModel: (properties) => properties,
    fromModel: (model) => known(schema, model) as JsonObject,
  };
}

function known(schema: Schema, value: Json): Json {
  const { items, properties = {}, additionalProperties = true } = schema;
  if (Array.isArray(value)) return items ? value.map((item) => known(items, item)) : value;
  if (!isObject(value)) return value;
  const members = Object.entries(value).flatMap(([name, inner]): [string, Json][] => {
    const own = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (own === undefined || own === false) return [];
    return [[name, own === true ? inner : known(own, inner)]];
  });
  return Object.fromEntries(members);
}
