import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidTemplate } from '../../../domain/templates/invalid-template.ts';
import type { JsonObject } from '../../../domain/templates/json.ts';
import { prepareTemplate } from '../../../domain/templates/prepare.ts';
import { deployment, IMPORTS, nearlyExpression, radius, SCOPE } from '../../_support/templates.ts';

/** A template with one value of it replaced by anything. */
const broken = fc
  .tuple(
    fc.nat(),
    fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      nearlyExpression,
      fc.constantFrom("[parameters('s')]", "[reference('a').id]", '[copyIndex()]', undefined),
    ),
  )
  .map(([at, value]) => {
    const whole = deployment(
      {
        imports: IMPORTS,
        parameters: { s: { type: 'securestring' }, p: { type: 'int', defaultValue: 1, minValue: 0 } },
        variables: { v: ['x', "[parameters('p')]"], copy: [{ name: 'w', count: 2, input: 'x' }] },
        resources: {
          a: radius('A.B/c', 'a', { s: "[parameters('s')]" }, { condition: true }),
          b: radius(
            'A.B/c',
            "[concat('b', copyIndex())]",
            { x: "[reference('a').id]" },
            { copy: { name: 'l', count: 2, mode: 'serial', batchSize: 1 }, dependsOn: ['a'] },
          ),
          m: {
            type: 'Microsoft.Resources/deployments',
            apiVersion: '1',
            name: 'm',
            properties: {
              expressionEvaluationOptions: { scope: 'inner' },
              parameters: { q: { value: "[variables('v')]" } },
              template: { parameters: { q: { type: 'array' } }, resources: [] },
            },
          },
        },
        outputs: { o: { type: 'array', copy: { count: 1, input: "[variables('w')[0]]" }, condition: true } },
      },
      { s: 'canary-9f2c' },
    );
    const places: [Record<string, unknown>, string][] = [];
    const collect = (node: unknown) => {
      if (typeof node !== 'object' || node === null) return;
      for (const key of Object.keys(node)) {
        places.push([node as Record<string, unknown>, key]);
        collect((node as Record<string, unknown>)[key]);
      }
    };
    collect(whole);
    const [node, key] = places[at % places.length] ?? [whole, 'template'];
    if (value === undefined) delete node[key];
    else node[key] = value;
    return JSON.parse(JSON.stringify(whole)) as JsonObject;
  });

describe('a template that is broken anywhere', () => {
  it('is prepared or refused as what it is, without a secret in a word of it', () => {
    let refused = 0;
    fc.assert(
      fc.property(broken, (properties) => {
        try {
          const { waves, bodyOf } = prepareTemplate(properties, { scope: SCOPE, group: null });
          for (const { symbol } of waves.flat()) bodyOf(symbol, () => ({ id: '/x' }));
        } catch (error) {
          if (!(error instanceof InvalidTemplate)) throw error;
          refused += 1;
          expect(error.problems.length).toBeGreaterThan(0);
          expect(error.message).not.toContain('canary-9f2c');
          for (const { pointer } of error.problems)
            expect(pointer).toMatch(/^(\/(template|parameters|providerconfig|mode).*)?$/);
        }
      }),
      { numRuns: 3_000 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
