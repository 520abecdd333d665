import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../domain/templates/json.ts';
import { faultsOf, IMPORTS, NOTHING_KNOWN, prepared, radius, worldOf } from '../../_support/templates.ts';

const loop = (count: number | string, more: JsonObject = {}): JsonObject => ({
  copy: { name: 'each', count, ...more },
});
const symbolsOf = (resources: JsonObject) =>
  prepared({ imports: IMPORTS, resources }).waves.map((wave) => wave.map(({ symbol }) => symbol));

describe('a loop', () => {
  it('of a resource makes one in each turn, which others name alone or all together', () => {
    const resources = {
      c: radius('A.B/c', "[format('c{0}', copyIndex(1))]", { turn: '[copyIndex()]' }, loop('[length(range(0, 3))]')),
      one: radius('A.B/c', 'one', { x: "[reference('c[1]').id]" }),
      all: radius('A.B/c', 'all', {}, { dependsOn: ['c'] }),
      each: radius(
        'A.B/c',
        "[concat('e', copyIndex())]",
        { x: "[reference(format('c[{0}]', copyIndex())).id]" },
        loop(2),
      ),
    };
    const template = prepared({ imports: IMPORTS, resources });
    expect(template.waves.map((wave) => wave.map(({ symbol, name }) => `${symbol} ${name}`))).toEqual([
      ['c[0] c1', 'c[1] c2', 'c[2] c3'],
      ['one one', 'all all', 'each[0] e0', 'each[1] e1'],
    ]);
    expect(template.bodyOf('c[2]', NOTHING_KNOWN)).toMatchObject({ value: { properties: { turn: 2 } } });
    expect(template.bodyOf('each[1]', NOTHING_KNOWN)).toMatchObject({ needs: [{ symbol: 'c[1]' }] });
  });

  it('that is serial has its batches one after the other', () => {
    const c = (mode: JsonObject) => ({ c: radius('A.B/c', "[concat('c', copyIndex())]", {}, loop(5, mode)) });
    expect(symbolsOf(c({ mode: 'serial', batchSize: 2 }))).toEqual([['c[0]', 'c[1]'], ['c[2]', 'c[3]'], ['c[4]']]);
    expect(symbolsOf(c({ mode: 'serial' })).length).toBe(5);
    expect(symbolsOf(c({ mode: 'parallel', batchSize: 2 })).length).toBe(1);
    expect(symbolsOf({ c: radius('A.B/c', 'c', {}, loop(0)) })).toEqual([]);
  });

  it('within a resource, in variables and in outputs makes lists, one loop in another too', () => {
    const input = {
      n: "[copyIndex('outer', 1)]",
      copy: [{ name: 'inner', count: 2, input: "[add(copyIndex('outer'), copyIndex('inner'))]" }],
    };
    const copy = [{ name: 'outer', count: 2, input }];
    const made = [
      { n: 1, inner: [0, 1] },
      { n: 2, inner: [1, 2] },
    ];
    const template = prepared({
      imports: IMPORTS,
      variables: { copy: [...copy, { name: 'names', count: 2, input: "[concat('n', copyIndex('names'))]" }], plain: 1 },
      resources: { a: radius('A.B/c', 'a', { copy, beside: "[variables('names')]" }) },
      outputs: {
        o: { type: 'array', copy: { count: "[length(variables('outer'))]", input: "[concat('x', copyIndex())]" } },
        v: { type: 'array', value: "[variables('outer')]" },
      },
    });
    expect(template.bodyOf('a', NOTHING_KNOWN)).toMatchObject({
      value: { properties: { outer: made, beside: ['n0', 'n1'] } },
    });
    expect(template.outputs(NOTHING_KNOWN)).toMatchObject({
      value: { o: { value: ['x0', 'x1'] }, v: { value: made } },
    });
  });

  it('that names resources in its turns waits for each of them', () => {
    const c = radius('A.B/c', "[concat('c', copyIndex())]", {}, loop(2));
    const input = "[reference(format('c[{0}]', copyIndex('ids'))).id]";
    const all = radius('A.B/c', 'all', { copy: [{ name: 'ids', count: 2, input }] });
    expect(symbolsOf({ all, c })).toEqual([['c[0]', 'c[1]'], ['all']]);
    const world = worldOf({ 'c[0]': { id: '/0' }, 'c[1]': { id: '/1' } });
    const template = prepared({ imports: IMPORTS, resources: { all, c } });
    expect(template.bodyOf('all', world)).toMatchObject({ value: { properties: { ids: ['/0', '/1'] } } });
  });

  it.each<[string, JsonObject, string]>([
    ['has a count that is no number', loop('3'), '/template/resources/c/copy'],
    ['has too many turns', loop(801), '/template/resources/c/copy'],
    ['has fewer than none', loop(-1), '/template/resources/c/copy'],
    ['counts what is known too late', loop("[reference('c[0]').n]"), '/template/resources/c/copy'],
    ['has no name', { copy: { count: 1 } }, '/template/resources/c/copy'],
    ['has batches of nothing', loop(1, { mode: 'serial', batchSize: 0 }), '/template/resources/c/copy'],
    ['gives its resources one name', loop(2), '/template/resources/c'],
  ])('that %s is refused where it stands', (_what, copy, pointer) => {
    const found = faultsOf(() => prepared({ imports: IMPORTS, resources: { c: radius('A.B/c', 'c', {}, copy) } }));
    expect(found.map((one) => one.split(' ')[1])).toEqual([pointer]);
  });

  it('is named by one of its turns where one resource is meant', () => {
    const resources = {
      c: radius('A.B/c', "[concat('c', copyIndex())]", {}, loop(2)),
      one: radius('A.B/c', 'one', { x: "[reference('c').id]" }),
    };
    expect(faultsOf(() => prepared({ imports: IMPORTS, resources }))).toEqual([
      'UnknownResource /template/resources/one/properties/properties/x',
    ]);
  });
});
