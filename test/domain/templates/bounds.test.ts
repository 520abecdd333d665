import { describe, expect, it } from 'vitest';
import { MAX_DEPTH, MAX_EXPRESSION, MAX_SIZE } from '../../../domain/templates/bounds.ts';
import type { Json, JsonObject } from '../../../domain/templates/json.ts';
import { faultsOf, IMPORTS, prepared, radius, valueOf } from '../../_support/templates.ts';

const faults = (template: JsonObject) => faultsOf(() => prepared({ resources: {}, ...template }));
const used = (variables: JsonObject, last: string): JsonObject => ({
  variables,
  outputs: { o: { type: 'object', value: { is: `[variables('${last}')]` } } },
});
/** `v0`, and each further one made of the one before it. */
const chain = (length: number, first: Json, next: (before: string) => Json): JsonObject =>
  used(
    Object.fromEntries(
      Array.from({ length }, (_, at) => [`v${at}`, at === 0 ? first : next(`variables('v${at - 1}')`)]),
    ),
    `v${length - 1}`,
  );
const nested = (depth: number): Json => (depth === 0 ? 'x' : [nested(depth - 1)]);
const text = (length: number) => 'x'.repeat(length);

describe('a template that would take for ever', () => {
  it.each<[string, JsonObject]>([
    ['doubles a text', chain(100, 'xx', (before) => `[concat(${before}, ${before})]`)],
    ['doubles a list', chain(100, [1], (before) => `[concat(${before}, ${before})]`)],
    ['holds a list twice, in one that it holds twice', chain(60, [1], (before) => [`[${before}]`, `[${before}]`])],
    ['does so in functions', chain(60, [1], (before) => `[createArray(${before}, ${before})]`)],
    ['grows a text where it is replaced', chain(20, text(10), (before) => `[replace(${before}, 'x', ${before})]`)],
    [
      'grows a text where it is formatted',
      chain(20, text(10), (before) => `[format('${'{0}'.repeat(50)}', ${before})]`),
    ],
    ['joins with much', chain(3, text(900_000), (before) => `[join(range(0, 10000), ${before})]`)],
    ['pads with much', used({ a: "[padLeft('', 999999999999)]" }, 'a')],
    ['is long in JSON that it parses', used({ a: `[json('${'['.repeat(12_000)}${']'.repeat(12_000)}')]` }, 'a')],
    [
      'is a loop in a loop',
      used(
        {
          copy: [
            {
              name: 'a',
              count: 800,
              input: { copy: [{ name: 'b', count: 800, input: { copy: [{ name: 'c', count: 800, input: 'x' }] } }] },
            },
          ],
        },
        'a',
      ),
    ],
    [
      'computes much in each turn',
      used(
        { big: text(400_000), copy: [{ name: 'a', count: 800, input: "[length(toUpper(variables('big')))]" }] },
        'a',
      ),
    ],
    [
      'looks for a member in many',
      used(
        {
          big: Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`m${at}`, 1])),
          copy: [{ name: 'a', count: 800, input: "[variables('big').M1]" }],
        },
        'a',
      ),
    ],
  ])('that %s is refused', (_what, template) => {
    expect(faults(template).at(-1)).toMatch(/^TooLarge /);
  });

  it.each<[string, JsonObject]>([
    ['variables', chain(512, 'x', (before) => `[${before}]`)],
    ['variables and functions', chain(400, 'x', (before) => `[concat(concat(concat(${before})))]`)],
    ['variables and members', chain(400, 'x', (before) => ({ a: { b: { c: [`[first(${before}.a.b.c)]`] } } }))],
  ])('goes deep through %s without a stack that overflows', (_what, template) => {
    expect(faults(template).at(-1)).toMatch(/^TooLarge /);
  });

  it('has bounds on its size, its depth, and the length and depth of an expression', () => {
    expect(faults({ variables: { a: text(MAX_SIZE) } })).toEqual(['TooLarge /template']);
    expect(faults({ variables: { a: nested(MAX_DEPTH - 2) } })).toEqual([]);
    expect(faults({ variables: { a: nested(MAX_DEPTH - 1) } })).toEqual(['TooLarge /template']);
    const deep = (depth: number) => `${'not('.repeat(depth)}true()${')'.repeat(depth)}`;
    expect(valueOf(deep(MAX_DEPTH - 2))).toBe(true);
    expect(faults({ variables: { a: `[${deep(MAX_DEPTH)}]` } })).toEqual(['TooLarge /template/variables/a']);
    expect(faults({ variables: { a: `['${text(MAX_EXPRESSION)}']` } })).toEqual(['TooLarge /template/variables/a']);
    expect(faults({ variables: { a: `['a'${'.a'.repeat(100)}]` } })).toEqual(['TooLarge /template/variables/a']);
  });

  it('has bounds on how many things it has', () => {
    const many = (count: number, one: Json): JsonObject =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`n${at}`, one]));
    expect(faults({ parameters: many(257, { type: 'int', defaultValue: 1 }) })).toEqual([
      'TooLarge /template/parameters',
    ]);
    expect(faults({ variables: many(513, 1) })).toEqual(['TooLarge /template/variables']);
    expect(faults({ outputs: many(65, { type: 'int', value: 1 }) })).toEqual(['TooLarge /template/outputs']);
    expect(faults({ imports: IMPORTS, resources: many(801, radius('A.B/c', 'x')) })).toEqual([
      'TooLarge /template/resources',
    ]);
    const loop = (symbol: string) =>
      radius('A.B/c', `[concat('${symbol}', copyIndex())]`, {}, { copy: { name: 'n', count: 500 } });
    expect(faults({ imports: IMPORTS, resources: { a: loop('a'), b: loop('b') } })).toEqual([
      'TooLarge /template/resources',
    ]);
  });

  it('stands in no more than a few others', () => {
    const within = (template: JsonObject): JsonObject => ({
      resources: {
        m: {
          type: 'Microsoft.Resources/deployments',
          apiVersion: '1',
          name: 'm',
          properties: { expressionEvaluationOptions: { scope: 'inner' }, template },
        },
      },
    });
    const deep = (depth: number): JsonObject => (depth === 1 ? { resources: {} } : within(deep(depth - 1)));
    expect(faults(deep(4))).toEqual([]);
    expect(faults(deep(5))[0]).toMatch(/^TooLarge .*\/resources\/m\/properties$/);
  });

  it('is prepared with as many resources as may be, each of all before it', () => {
    const resources = Object.fromEntries(
      Array.from({ length: 800 }, (_, at) => [
        `r${at}`,
        radius(
          'A.B/c',
          `n${at}`,
          {},
          { dependsOn: Array.from({ length: Math.min(at, 40) }, (_one, back) => `r${at - 1 - back}`) },
        ),
      ]),
    );
    expect(prepared({ imports: IMPORTS, resources }).waves.length).toBe(800);
  });

  it('has no more said against it than anybody reads', () => {
    const variables = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`v${at}`, '[nope()]']));
    expect(faults({ variables }).length).toBe(100);
  });
});
