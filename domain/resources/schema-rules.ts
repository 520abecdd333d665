/** What the schema of a type may be, judged before it is taken: all that is wrong with it at once. */
import { RE2JS } from 're2js';
import type { FieldProblem } from '../errors.ts';
import { pointerTo, type Json } from './json.ts';
import { SCHEMA_TYPES, type Schema } from './type.ts';
import { FORMATS, compileSchema } from './validator.ts';

const text = { type: 'string', maxLength: 4_096 };
const flag = { type: 'boolean' };
const count = { type: 'integer', minimum: 0 };
const schemas = {
  type: 'object',
  additionalProperties: { $ref: '#' },
  propertyNames: { minLength: 1, maxLength: 128 },
};

const RULES = {
  type: 'object',
  required: ['type'],
  properties: {
    type: { enum: SCHEMA_TYPES },
    title: text,
    description: text,
    properties: schemas,
    required: { type: 'array', items: { type: 'string' }, uniqueItems: true },
    additionalProperties: { if: { type: 'boolean' }, else: { $ref: '#' } },
    items: { $ref: '#' },
    enum: { type: 'array', minItems: 1, maxItems: 200, uniqueItems: true },
    default: {},
    nullable: flag,
    format: { enum: FORMATS },
    pattern: { type: 'string', maxLength: 256 },
    minLength: count,
    maxLength: count,
    minimum: { type: 'number' },
    maximum: { type: 'number' },
    multipleOf: { type: 'number', exclusiveMinimum: 0 },
    minItems: count,
    maxItems: count,
    uniqueItems: flag,
    minProperties: count,
    maxProperties: count,
    readOnly: flag,
    'x-radius-sensitive': flag,
  },
  additionalProperties: false,
};

/** Schemas within one, all together: to compile so many takes a tenth of a second. */
const MAX_SCHEMAS = 250;
/** Steps of a pattern, each of which may be taken for each character: one of 255 of any character has 514. */
const MAX_STEPS = 1_000;

const validate = compileSchema(RULES);

/** @param at where the schema stands in the body */
export function schemaProblems(schema: Json, at: string): FieldProblem[] {
  const { problems } = validate(schema, { at });
  if (problems.length > 0) return problems;
  const all = [...within(schema as unknown as Schema, at, false)];
  if (all.length > MAX_SCHEMAS) {
    return [{ pointer: at, message: `has more than ${MAX_SCHEMAS} schemas within it` }];
  }
  const [top] = all;
  const isTop = top?.schema.type === 'object' ? [] : [{ pointer: `${at}/type`, message: 'is object' }];
  return [...isTop, ...all.flatMap(problemsOf)];
}

interface Found {
  schema: Schema;
  at: string;
  isInList: boolean;
}

function* within(schema: Schema, at: string, isInList: boolean): Generator<Found> {
  yield { schema, at, isInList };
  const { properties = {}, additionalProperties, items } = schema;
  for (const [name, inner] of Object.entries(properties)) {
    yield* within(inner, at + pointerTo(['properties', name]), isInList);
  }
  if (typeof additionalProperties === 'object') {
    yield* within(additionalProperties, `${at}/additionalProperties`, isInList);
  }
  if (items) yield* within(items, `${at}/items`, true);
}

function problemsOf({ schema, at, isInList }: Found): FieldProblem[] {
  const { pattern, readOnly, type, 'x-radius-sensitive': isSensitive } = schema;
  const problems: FieldProblem[] = [];
  const refuse = (below: string, message: string) => problems.push({ pointer: `${at}/${below}`, message });
  if (pattern !== undefined && !isPattern(pattern)) {
    refuse('pattern', 'is no pattern of RE2 (which has no look-around and no references back), or too large a one');
  } else if (schema.default !== undefined) {
    const { problems: ofDefault } = compileSchema(schema)(schema.default, { at: `${at}/default` });
    problems.push(...ofDefault);
  }
  // Items of a list have no name by which what was there before could be found again.
  if (isInList && readOnly) refuse('readOnly', 'is not possible within a list');
  if (isInList && isSensitive) refuse('x-radius-sensitive', 'is not possible within a list');
  if (isSensitive && type !== 'string' && type !== 'object') refuse('x-radius-sensitive', 'is for texts and objects');
  if (isSensitive && readOnly) refuse('x-radius-sensitive', 'is not for what callers cannot set');
  if (isSensitive && hasDefault(schema)) refuse('x-radius-sensitive', 'is not for what has a default');
  return problems;
}

function isPattern(pattern: string): boolean {
  try {
    return RE2JS.compile(pattern).programSize() <= MAX_STEPS;
  } catch {
    return false;
  }
}

/** A secret that stands in a schema is none. */
function hasDefault(schema: Schema): boolean {
  return [...within(schema, '', false)].some(({ schema: inner }) => inner.default !== undefined);
}
