import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../domain/resources/json.ts';
import { schemaProblems } from '../../../domain/resources/schema-rules.ts';

const at = '/properties/schema';
const problems = (schema: Json) => schemaProblems(schema, at).map(({ pointer }) => pointer.replace(at, ''));
const withProperty = (schema: JsonObject) => ({ type: 'object', properties: { x: schema } });

describe('a schema of a type', () => {
  it('is taken with all that it may say', () => {
    const schema = {
      type: 'object',
      description: 'A cache.',
      required: ['environment'],
      properties: {
        environment: { type: 'string', pattern: '^/planes/[^/]+', maxLength: 500 },
        size: { type: 'string', enum: ['S', 'M', 'L'], default: 'S' },
        capacity: { type: 'integer', minimum: 1, maximum: 64, multipleOf: 2, format: 'int32', nullable: true },
        host: { type: 'string', readOnly: true },
        password: { type: 'string', minLength: 8, 'x-radius-sensitive': true },
        tags: { type: 'object', additionalProperties: { type: 'string' }, maxProperties: 10 },
        data: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            properties: { value: { type: 'string', 'x-radius-sensitive': true } },
            additionalProperties: false,
          },
        },
        ports: { type: 'array', items: { type: 'number' }, minItems: 1, uniqueItems: true, default: [80] },
        // A name like any other.
        constructor: { type: 'boolean' },
      },
    };
    expect(schemaProblems(schema, at)).toEqual([]);
  });

  const REFUSED: [string, Json, string[]][] = [
    ['no object', 'string', ['']],
    ['nothing', {}, ['/type']],
    ['another type than object at the top', { type: 'string' }, ['/type']],
    ['a type that is none', withProperty({ type: 'text' }), ['/properties/x/type']],
    ['a reference', withProperty({ type: 'object', $ref: '#' }), ['/properties/x/$ref']],
    ['alternatives', { type: 'object', oneOf: [{ type: 'object' }] }, ['/oneOf']],
    ['an id', { type: 'object', $id: 'https://example.org/a' }, ['/$id']],
    [
      'a keyword within a map',
      { type: 'object', additionalProperties: { type: 'string', not: {} } },
      ['/additionalProperties/not'],
    ],
    [
      'a keyword within a list',
      withProperty({ type: 'array', items: { type: 'string', const: 1 } }),
      ['/properties/x/items/const'],
    ],
    ['a format that nobody knows', withProperty({ type: 'string', format: 'regex' }), ['/properties/x/format']],
    ['what is no pattern', withProperty({ type: 'string', pattern: '(' }), ['/properties/x/pattern']],
    ['a pattern that looks around', withProperty({ type: 'string', pattern: '(?=a)b' }), ['/properties/x/pattern']],
    ['a pattern that refers back', withProperty({ type: 'string', pattern: '(a)\\1' }), ['/properties/x/pattern']],
    [
      'a pattern as long as a book',
      withProperty({ type: 'string', pattern: 'a'.repeat(257) }),
      ['/properties/x/pattern'],
    ],
    [
      'a pattern with a program as large',
      withProperty({ type: 'string', pattern: '((a{0,10}){0,10}){0,9}' }),
      ['/properties/x/pattern'],
    ],
    [
      'a default that is not as it says',
      withProperty({ type: 'integer', minimum: 3, default: 1 }),
      ['/properties/x/default'],
    ],
    ['a name without a letter', { type: 'object', properties: { '': { type: 'string' } } }, ['/properties/']],
    ['a negative length', withProperty({ type: 'string', minLength: -1 }), ['/properties/x/minLength']],
    [
      'a secret number',
      withProperty({ type: 'integer', 'x-radius-sensitive': true }),
      ['/properties/x/x-radius-sensitive'],
    ],
    [
      'a secret that is written down',
      withProperty({ type: 'string', default: 'x', 'x-radius-sensitive': true }),
      ['/properties/x/x-radius-sensitive'],
    ],
    [
      'a secret with a part that is written down',
      withProperty({
        type: 'object',
        properties: { y: { type: 'string', default: 'x' } },
        'x-radius-sensitive': true,
      }),
      ['/properties/x/x-radius-sensitive'],
    ],
    [
      'a secret that nobody can set',
      withProperty({ type: 'string', readOnly: true, 'x-radius-sensitive': true }),
      ['/properties/x/x-radius-sensitive'],
    ],
    [
      'a secret in a list',
      withProperty({
        type: 'array',
        items: { type: 'object', properties: { y: { type: 'string', 'x-radius-sensitive': true } } },
      }),
      ['/properties/x/items/properties/y/x-radius-sensitive'],
    ],
    [
      'what is read-only in a list',
      withProperty({ type: 'array', items: { type: 'string', readOnly: true } }),
      ['/properties/x/items/readOnly'],
    ],
  ];

  it.each(REFUSED)('is refused with %s', (_what, schema, pointers) => {
    expect(problems(schema)).toEqual(pointers);
  });

  it('is told all that is wrong with it at once', () => {
    const schema = {
      type: 'object',
      allOf: [],
      required: 'x',
      properties: {
        a: { type: 'text' },
        b: { minLength: 'long', type: 'string' },
        'c/d': { type: 'array', items: {} },
      },
    };
    const expected = [
      '/allOf',
      '/properties/a/type',
      '/properties/b/minLength',
      '/properties/c~1d/items/type',
      '/required',
    ];
    expect(problems(schema).sort()).toEqual(expected);
    for (const { message } of schemaProblems(schema, at)) expect(message).not.toBe('');
  });

  it('is refused where there are more than 250 in it', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, { type: 'string' }]));
    expect(problems({ type: 'object', properties: many(249) })).toEqual([]);
    expect(problems({ type: 'object', properties: many(250) })).toEqual(['']);
  });
});
