/** Zod shapes as JSON Schema of the document; what has a name is a component and is referred to. */
import { z } from 'zod';
import { nameShapes } from './names.ts';
import type { Json, Schema } from './types.ts';

export interface Schemas {
  /** Of what goes in: closed, since an unknown field is refused. */
  ofInput(shape: z.ZodType): Schema;
  /** Of what comes out: open, since a later minor version may add fields. */
  ofAnswer(shape: z.ZodType): Schema;
  /** What was referred to until now. */
  components: Record<string, Schema>;
}

export function openSchemas(): Schemas {
  nameShapes();
  const components: Record<string, Schema> = {};
  return {
    components,
    ofInput(shape) {
      const { schema, named } = render(shape);
      Object.assign(components, named);
      return schema;
    },
    ofAnswer(shape) {
      const { schema, named } = render(shape);
      for (const [name, part] of Object.entries(named)) components[name] ??= opened(part) as Schema;
      return opened(schema) as Schema;
    },
  };
}

function render(shape: z.ZodType): { schema: Schema; named: Record<string, Schema> } {
  // Inside of another one a named shape is a reference, even if it is the whole.
  const { properties, $defs = {} } = z.toJSONSchema(z.object({ whole: shape }), { io: 'input' });
  const plain = JSON.parse(JSON.stringify({ whole: properties?.whole, $defs })) as {
    whole: Schema;
    $defs: Record<string, Schema>;
  };
  const named = Object.entries(plain.$defs).map(([name, { id: _id, ...part }]) => [name, relocated(part)] as const);
  return { schema: relocated(plain.whole) as Schema, named: Object.fromEntries(named) as Record<string, Schema> };
}

function relocated(json: Json): Json {
  return mapObjects(json, (key, value) =>
    key === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', '#/components/schemas/') : value,
  );
}

function opened(json: Json): Json {
  return mapObjects(json, (key, value) => (key === 'additionalProperties' && value === false ? undefined : value));
}

function mapObjects(json: Json, map: (key: string, value: Json) => Json | undefined): Json {
  if (Array.isArray(json)) return json.map((item) => mapObjects(item, map));
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json).flatMap(([key, value]) => {
    const mapped = map(key, value);
    return mapped === undefined ? [] : [[key, mapObjects(mapped, map)]];
  });
  return Object.fromEntries(entries) as Json;
}
