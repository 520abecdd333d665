import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExpression, parse, type Expression } from '../../../domain/templates/expressions/parse.ts';
import type { Json, JsonObject } from '../../../domain/templates/json.ts';
import { Refusal } from '../../../domain/templates/refusal.ts';
import { wavesOf } from '../../../domain/templates/waves.ts';
import { IMPORTS, nearlyExpression, NOTHING_KNOWN, prepared, radius, valueOf } from '../../_support/templates.ts';

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const anyExpression = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      kind: fc.constant('literal' as const),
      value: fc.oneof(fc.string(), fc.maxSafeInteger()),
      at: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant('call' as const),
      name,
      args: fc.array(tie('expression'), { maxLength: 3 }),
      at: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant('member' as const),
      of: tie('expression'),
      name: tie('expression'),
      at: fc.constant(0),
    }),
  ),
})).expression;

/** As somebody could write it. */
function written(expression: Expression, space: string): string {
  const inside = (one: Expression) => `${space}${written(one, space)}${space}`;
  if (expression.kind === 'call')
    return `${expression.name}${space}(${expression.args.map(inside).join(',') || space})`;
  if (expression.kind === 'member') return `${written(expression.of, space)}${space}[${inside(expression.name)}]`;
  const { value } = expression;
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

const withoutPlaces = (expression: Expression): unknown =>
  JSON.parse(
    JSON.stringify(expression, (key, value: unknown) => (key === 'at' ? undefined : Object.is(value, -0) ? 0 : value)),
  );

describe('expressions', () => {
  it('are read as what was written, however it is spaced', () => {
    fc.assert(
      fc.property(anyExpression, fc.constantFrom('', ' ', '\n\t'), (expression, space) => {
        expect(withoutPlaces(parse(`[${written(expression, space)}]`))).toEqual(withoutPlaces(expression));
      }),
    );
  });

  it('that are none are refused, with a place in the text', () => {
    fc.assert(
      fc.property(nearlyExpression, (text) => {
        try {
          parse(text);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          expect(error.position).toBeGreaterThanOrEqual(0);
          expect(error.position).toBeLessThan(text.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('give back any text that is put in quotes, and any value that is put in JSON', () => {
    const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void expect(valueOf(quoted(text))).toBe(text)));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const json = JSON.stringify(value);
        expect(JSON.stringify(valueOf(`json(${quoted(json)})`))).toBe(json);
      }),
    );
  });
});

describe('values without expressions', () => {
  it('are sent as they are', () => {
    const plain = fc
      .jsonValue({ maxDepth: 4 })
      .filter((value) => !/\[\[|copy/.test(JSON.stringify(value)) && !/"\[/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(plain, (value) => {
        const { bodyOf } = prepared({
          imports: IMPORTS,
          resources: { a: radius('A.B/c', 'a', { value: value as Json }) },
        });
        const body = bodyOf('a', NOTHING_KNOWN);
        expect(body.isKnown && JSON.stringify(body.value)).toBe(JSON.stringify({ properties: { value } }));
      }),
    );
  });
});

const graph = fc.array(fc.array(fc.nat(11), { maxLength: 4 }), { minLength: 1, maxLength: 12 }).map((edges) => {
  const symbols = edges.map((_, at) => `r${at}`);
  return new Map(
    edges.map((on, at) => [`r${at}`, new Set(on.map((to) => `r${to}`).filter((to) => symbols.includes(to)))]),
  );
});

describe('an order', () => {
  it('has each after all that it depends on and no later than it must, or is a cycle that is there', () => {
    fc.assert(
      fc.property(graph, (dependencies) => {
        const found = wavesOf(dependencies);
        if ('waves' in found) {
          for (const [symbol, on] of dependencies) {
            const waves = [...on].map((one) => found.waves.get(one) ?? NaN);
            expect(found.waves.get(symbol)).toBe(Math.max(-1, ...waves) + 1);
          }
          return;
        }
        const { cycle } = found;
        expect(cycle.length).toBeGreaterThan(1);
        expect(cycle.at(-1)).toBe(cycle[0]);
        cycle.slice(1).forEach((to, at) => expect(dependencies.get(cycle[at] ?? '')?.has(to)).toBe(true));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the same for a template as for what it says, whichever way it says it', () => {
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat(2)), (dependencies, ways) => {
        const resources: JsonObject = {};
        for (const [symbol, on] of dependencies) {
          const by = [...on].map((one) => ({ one, way: one === symbol ? 0 : (ways.next().value as number) }));
          resources[symbol] = radius(
            'A.B/c',
            symbol,
            {
              x: by.filter(({ way }) => way === 1).map(({ one }) => `[reference('${one}').id]`),
              y: by.filter(({ way }) => way === 2).map(({ one }) => `[resourceId('A.B/c', '${one}')]`),
            },
            { dependsOn: by.filter(({ way }) => way === 0).map(({ one }) => one) },
          );
        }
        const found = wavesOf(dependencies);
        const act = () => prepared({ imports: IMPORTS, resources });
        if ('cycle' in found) {
          expect(act).toThrow(/Cycle at .*: These resources wait for each other/);
          return;
        }
        const waves = act().waves.flatMap((wave, at) => wave.map(({ symbol }): [string, number] => [symbol, at]));
        expect(new Map(waves.sort())).toEqual(new Map([...found.waves].sort()));
      }),
    );
  });
});

describe('a text', () => {
  it('is an expression only between brackets that are not doubled', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (text) => void expect(isExpression(text)).toBe(/^\[(?!\[)[^]*\]$/.test(text) || text === '[]'),
      ),
    );
  });
});
