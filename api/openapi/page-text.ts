/** Words of the reference page: types, constraints and sentences as HTML. */
import type { Json, Schema } from './types.ts';

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Paragraphs, list items and `code`; nothing more of Markdown is used in the document. */
export function prose(text: string): string {
  if (text === '') return '';
  const blocks = text.split('\n\n').map((block) => {
    const lines = block.split('\n');
    if (!lines.every((line) => line.startsWith('- '))) return `<p>${escaped(block)}</p>`;
    return `<ul>${lines.map((line) => `<li>${escaped(line.slice(2))}</li>`).join('')}</ul>`;
  });
  return blocks.join('').replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

/** `array of Component`, with a link where a shape has a name. */
export function typeOf(schema: Schema): string {
  const { $ref, type, anyOf, items, const: constant } = schema;
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? '';
    return `<a href="#${name}">${name}</a>`;
  }
  if (Array.isArray(anyOf)) return anyOf.map((one) => typeOf(one as Schema)).join(' or ');
  if (constant !== undefined) return `<code>${escaped(JSON.stringify(constant))}</code>`;
  if (type === 'array') return `array of ${typeOf((items ?? {}) as Schema)}`;
  if (type === 'object' && typeof schema.additionalProperties === 'object') {
    const values = typeOf(schema.additionalProperties as Schema);
    return `map of ${values}`;
  }
  return Array.isArray(type) ? type.join(' or ') : typeof type === 'string' ? type : 'anything';
}

const WORDS: Record<string, string> = {
  minimum: 'at least',
  maximum: 'at most',
  minLength: 'length at least',
  maxLength: 'length at most',
  minItems: 'items at least',
  maxItems: 'items at most',
  minProperties: 'entries at least',
  maxProperties: 'entries at most',
  default: 'default',
};

export function constraintsOf(nullable: Schema): string {
  const schema = withoutNull(nullable);
  const parts = Object.entries(WORDS).flatMap(([key, word]) => {
    const value = schema[key];
    const isPlain = value !== undefined && JSON.stringify(value) !== '{}';
    return isPlain ? [`${word} <code>${escaped(JSON.stringify(value))}</code>`] : [];
  });
  const options = optionsOf(schema);
  const pattern = schema.pattern ?? (schema.items as Schema | undefined)?.pattern;
  return [
    ...(options.length > 0 ? [options.map((one) => `<code>${escaped(String(one))}</code>`).join(' | ')] : []),
    ...(schema.uniqueItems === true ? ['each once'] : []),
    ...parts,
    ...(typeof pattern === 'string' ? [`<code>${escaped(pattern)}</code>`] : []),
  ].join(', ');
}

function withoutNull(schema: Schema): Schema {
  const options = (Array.isArray(schema.anyOf) ? schema.anyOf : []) as Schema[];
  return options.find(({ type }) => type !== 'null') ?? schema;
}

function optionsOf(schema: Schema): Json[] {
  const of = schema.enum ?? (schema.items as Schema | undefined)?.enum;
  return Array.isArray(of) ? of : [];
}
