/**
 * What a client of `before` would stumble over in `after`: an operation, answer or field that is gone, a request that is
 * not taken any more, a scope that was not asked for. What is only added is no breach.
 */
import type { Json, OpenApiDocument, Operation, Schema } from '../../api/openapi/types.ts';

export function breakingChanges(before: OpenApiDocument, after: OpenApiDocument): string[] {
  return Object.entries(before.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, old]) => {
      const name = `${method.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[method];
      if (!now) return [`${name} is gone`];
      return [
        ...requestChanges(name, before, after, old, now),
        ...answerChanges(name, before, after, old, now),
        ...scopeChanges(name, old, now),
      ];
    }),
  );
}

function scopeChanges(name: string, old: Operation, now: Operation): string[] {
  const accepted = (operation: Operation) => operation.security.map(({ bearer = [] }) => bearer.join(' '));
  return accepted(old).flatMap((scope) => (accepted(now).includes(scope) ? [] : [`${name} is not opened by ${scope}`]));
}

function requestChanges(
  name: string,
  before: OpenApiDocument,
  after: OpenApiDocument,
  old: Operation,
  now: Operation,
): string[] {
  const changes: string[] = [];
  const parameters = (operation: Operation) => operation.parameters.flatMap((one) => ('name' in one ? [one] : []));
  for (const parameter of parameters(old)) {
    const match = parameters(now).find((one) => one.name === parameter.name && one.in === parameter.in);
    const where = `${name} {${parameter.name}}`;
    if (!match) changes.push(`${where} is not taken any more`);
    else changes.push(...narrowed(where, before, after, parameter.schema, match.schema));
  }
  for (const { name: added, required, in: place } of parameters(now)) {
    const isNew = !parameters(old).some((one) => one.name === added && one.in === place);
    if (isNew && required) changes.push(`${name} {${added}} is demanded`);
  }
  const was = old.requestBody?.content['application/json']?.schema;
  const is = now.requestBody?.content['application/json']?.schema;
  if (was && !is) changes.push(`${name} takes no body any more`);
  if (now.requestBody?.required && !old.requestBody?.required) changes.push(`${name} demands a body`);
  if (was && is) changes.push(...narrowed(`${name} body`, before, after, was, is));
  return changes;
}

function answerChanges(
  name: string,
  before: OpenApiDocument,
  after: OpenApiDocument,
  old: Operation,
  now: Operation,
): string[] {
  return Object.entries(old.responses).flatMap(([status, was]) => {
    if (Number(status) >= 400) return [];
    const is = now.responses[status];
    if (!is) return [`${name} does not answer ${status} any more`];
    return Object.entries(was.content).flatMap(([type, { schema }]) => {
      const media = is.content[type];
      // What goes out may narrow and not widen: the other way round than what comes in.
      return media
        ? narrowed(`${name} ${status}`, after, before, media.schema, schema, 'gone')
        : [`${name} ${status} has no ${type}`];
    });
  });
}

const LOWER_BOUNDS = ['minimum', 'minLength', 'minItems', 'minProperties'];
const UPPER_BOUNDS = ['maximum', 'maxLength', 'maxItems', 'maxProperties'];

/** Where `to` takes less than `from`; a field that `from` knows and `to` does not is such a place too. */
function narrowed(
  at: string,
  fromDocument: OpenApiDocument,
  toDocument: OpenApiDocument,
  fromSchema: Schema,
  toSchema: Schema,
  direction: 'taken' | 'gone' = 'taken',
): string[] {
  const from = resolved(fromDocument, fromSchema);
  const to = resolved(toDocument, toSchema);
  const changes = scalarChanges(at, from, to, direction);
  const [fields, others] = [fieldsOf(from), fieldsOf(to)];
  for (const [field, schema] of Object.entries(fields)) {
    const other = others[field];
    if (other) changes.push(...narrowed(`${at}.${field}`, fromDocument, toDocument, schema, other, direction));
    else if (direction === 'taken') changes.push(`${at}.${field} is not taken any more`);
  }
  if (direction === 'gone') {
    for (const field of Object.keys(others)) if (!(field in fields)) changes.push(`${at}.${field} is gone`);
  }
  for (const field of listOf(to.required)) {
    if (!listOf(from.required).includes(field) && (direction === 'taken' || String(field) in fields)) {
      changes.push(`${at}.${String(field)} is ${direction === 'taken' ? 'demanded' : 'not always there any more'}`);
    }
  }
  const inner = (schema: Schema) => (schema.items ?? schema.additionalProperties) as Schema | undefined;
  const [items, otherItems] = [inner(from), inner(to)];
  if (isSchema(items) && isSchema(otherItems)) {
    changes.push(...narrowed(`${at}[]`, fromDocument, toDocument, items, otherItems, direction));
  }
  return changes;
}

function scalarChanges(at: string, from: Schema, to: Schema, direction: 'taken' | 'gone'): string[] {
  const changes: string[] = [];
  const [types, otherTypes] = [typesOf(from), typesOf(to)];
  if (
    otherTypes.length > 0 &&
    types.some((type) => !otherTypes.includes(type) && !(type === 'integer' && otherTypes.includes('number')))
  ) {
    changes.push(`${at} is of another type`);
  }
  // Clients are told to expect values they do not know in answers.
  if (direction === 'gone') return changes;
  const options = listOf(to.enum);
  if (options.length > 0 && (!from.enum || listOf(from.enum).some((one) => !options.includes(one)))) {
    changes.push(`${at} takes fewer values`);
  }
  if (to.pattern !== from.pattern && to.pattern !== undefined) changes.push(`${at} has another pattern`);
  for (const key of LOWER_BOUNDS) {
    if (typeof to[key] === 'number' && !(typeof from[key] === 'number' && from[key] >= to[key]))
      changes.push(`${at} has a higher ${key}`);
  }
  for (const key of UPPER_BOUNDS) {
    if (typeof to[key] === 'number' && !(typeof from[key] === 'number' && from[key] <= to[key]))
      changes.push(`${at} has a lower ${key}`);
  }
  return changes;
}

function resolved(document: OpenApiDocument, schema: Schema): Schema {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  const whole = name === undefined ? schema : (document.components.schemas[name] ?? {});
  const parts = listOf(whole.anyOf).filter(isSchema);
  const real = parts.find((part) => part.type !== 'null');
  return real && parts.length === 2 ? { ...resolved(document, real), nullable: true } : whole;
}

function typesOf({ type, nullable }: Schema): string[] {
  const types = (Array.isArray(type) ? type : type === undefined ? [] : [type]).map(String);
  return nullable === true ? [...types, 'null'] : types;
}

const fieldsOf = (schema: Schema) => (schema.properties ?? {}) as Record<string, Schema>;
const listOf = (json: Json | undefined): Json[] => (Array.isArray(json) ? json : []);
const isSchema = (json: Json | undefined): json is Schema =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
