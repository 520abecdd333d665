import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../domain/resources/json.ts';
import { mergePatch } from '../../../domain/resources/merge-patch.ts';

/** RFC 7396, appendix A: target, patch, result. */
const CASES: [Json, Json, Json][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe('a merge patch', () => {
  it.each(CASES)('makes of %j by %j %j, as the RFC has it', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it('takes names that every object has something under for names', () => {
    const patch = { constructor: { name: 'x' }, hasOwnProperty: 1, toString: null, after: true };
    expect(mergePatch({ hasOwnProperty: 0, toString: 'mine', valueOf: { a: 1 } }, patch)).toEqual({
      hasOwnProperty: 1,
      valueOf: { a: 1 },
      constructor: { name: 'x' },
      after: true,
    });
    const prototype = JSON.parse('{"__proto__": {"isAdmin": true}}') as Json;
    expect(Object.entries(mergePatch({}, prototype) as object)).toEqual([['__proto__', { isAdmin: true }]]);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('changes neither what it is given nor, a second time, what has come of it', () => {
    const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const [before, given] = [structuredClone(target), structuredClone(patch)];
        const once = mergePatch(target, patch);
        expect([target, patch]).toEqual([before, given]);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
  });
});
