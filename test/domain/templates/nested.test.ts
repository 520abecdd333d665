import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../domain/templates/json.ts';
import type { PreparedTemplate } from '../../../domain/templates/prepare.ts';
import { IMPORTS, NOTHING_KNOWN, prepared, radius, worldOf } from '../../_support/templates.ts';

const symbolsOf = ({ waves }: PreparedTemplate) => waves.map((wave) => wave.map(({ symbol }) => symbol));
const knownBody = (template: PreparedTemplate, symbol: string, world = NOTHING_KNOWN) => {
  const body = template.bodyOf(symbol, world);
  if (!body.isKnown) throw new Error(`the body of ${symbol} is not known`);
  return body.value;
};

describe('a template within a template', () => {
  const inner = {
    parameters: { host: { type: 'string' } },
    imports: IMPORTS,
    resources: { c: radius('A.B/c', "[parameters('host')]") },
    outputs: { id: { type: 'string', value: "[reference('c').id]" } },
  };
  const module = (parameters: JsonObject, template: JsonObject = inner): JsonObject => ({
    type: 'Microsoft.Resources/deployments',
    apiVersion: '2020-10-01',
    name: 'module',
    properties: { expressionEvaluationOptions: { scope: 'inner' }, mode: 'Incremental', parameters, template },
  });

  it('is sent as it is, with its parameters evaluated by the one around it', () => {
    const resources = {
      db: radius('A.B/c', 'db'),
      module: module({ host: { value: "[reference('db').properties.host]" } }),
      after: radius('A.B/c', 'after', { x: "[reference('module').outputs.id.value]" }),
    };
    // The name of an inner resource is known only when the outer one is.
    const late = { ...inner, resources: { c: radius('A.B/c', 'c', { h: "[parameters('host')]" }) } };
    const template = prepared({
      imports: IMPORTS,
      resources: { ...resources, module: module({ host: { value: "[reference('db').properties.host]" } }, late) },
    });
    expect(symbolsOf(template)).toEqual([['db'], ['module'], ['after']]);
    const body = knownBody(template, 'module', worldOf({ db: { properties: { host: 'h' } } }));
    expect(body.properties).toMatchObject({ parameters: { host: { value: 'h' } }, template: late });
    const world = worldOf({ module: { properties: { outputs: { id: { value: '/x' } } } } });
    expect(knownBody(template, 'after', world)).toEqual({ properties: { x: '/x' } });
  });

  it('is refused with the one around it, by its own places', () => {
    const wrong = { ...inner, resources: { c: radius('A.B/c', 'c', { x: '[nope()]', y: "[parameters('host')]" }) } };
    expect(() => prepared({ resources: { module: module({ hots: { value: 'h' } }, wrong) } })).toThrow(
      new RegExp(
        [
          'UnknownFunction at /template/resources/module/properties/template/resources/c/properties/properties/x: .*',
          'UnknownParameter at /template/resources/module/properties/parameters/hots: .*',
          'MissingParameter at /template/resources/module/properties/parameters/host: .*',
        ].join('\n'),
      ),
    );
  });
});
