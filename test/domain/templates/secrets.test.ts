import { describe, expect, it } from 'vitest';
import { InvalidTemplate } from '../../../domain/templates/invalid-template.ts';
import type { JsonObject } from '../../../domain/templates/json.ts';
import { faultsOf, IMPORTS, NOTHING_KNOWN, prepared, problemsOf, radius, worldOf } from '../../_support/templates.ts';

const CANARY = 'canary-9f2c';
const PARAMETERS = { secret: { type: 'securestring' }, whole: { type: 'secureObject', defaultValue: { key: CANARY } } };
const template = (resources: JsonObject, more: JsonObject = {}) =>
  prepared({ imports: IMPORTS, parameters: PARAMETERS, resources, ...more }, { secret: CANARY });
const bodyOf = (properties: JsonObject, more: JsonObject = {}) => {
  const body = template({ a: radius('A.B/c', 'a', properties) }, more).bodyOf('a', NOTHING_KNOWN);
  if (!body.isKnown) throw new Error('it is not known');
  return body;
};

describe('a secret', () => {
  it('is told where it was given, and where the template has it in it', () => {
    expect(template({}).secrets).toEqual(['/parameters/secret/value', '/template/parameters/whole/defaultValue']);
  });

  it('is told wherever a body holds it, or something that was made of it', () => {
    const variables = { url: { is: ["[concat('https://', parameters('secret'))]"] } };
    const { value, secrets } = bodyOf(
      {
        plain: "[parameters('secret')]",
        'a/b': { deep: ["[toUpper(parameters('secret'))]", 'open'] },
        member: "[parameters('whole').key]",
        variable: "[variables('url').is[0]]",
        branch: "[if(empty(parameters('secret')), 'no', 'yes')]",
        length: "[length(parameters('secret'))]",
        open: "[if(true(), 'open', parameters('secret'))]",
      },
      { variables },
    );
    expect(secrets).toEqual(
      ['plain', 'a~1b/deep/0', 'member', 'variable', 'branch', 'length'].map((name) => `/properties/${name}`),
    );
    expect(value.properties).toMatchObject({ plain: CANARY, variable: `https://${CANARY}`, open: 'open' });
  });

  it('is told through loops by its place in what they make', () => {
    const copy = [{ name: 'list', count: 2, input: { k: "[concat(parameters('secret'), copyIndex('list'))]" } }];
    expect(bodyOf({ copy }).secrets).toEqual(['/properties/list/0/k', '/properties/list/1/k']);
  });

  it('is what an action lists', () => {
    const resources = { a: radius('A.B/c', 'a'), b: radius('A.B/c', 'b', { x: { y: "[listSecrets('a', '1').key]" } }) };
    const { bodyOf: of } = template(resources);
    expect(of('b', NOTHING_KNOWN)).toMatchObject({ needs: [{ symbol: 'a', action: 'listSecrets', apiVersion: '1' }] });
    expect(of('b', worldOf({ 'a/listSecrets': { key: CANARY } }))).toEqual({
      isKnown: true,
      value: { properties: { x: { y: CANARY } } },
      secrets: ['/properties/x/y'],
    });
  });

  it('is told in outputs: of a secure type, and of any that holds one', () => {
    const outputs = {
      secure: { type: 'securestring', value: 'anything' },
      leak: { type: 'object', value: { a: "[parameters('secret')]", b: 1 } },
      list: { type: 'array', copy: { count: 2, input: "[parameters('secret')]" } },
      open: { type: 'string', value: 'x' },
    };
    expect(template({}, { outputs }).outputs(NOTHING_KNOWN)).toMatchObject({
      secrets: ['/secure/value', '/leak/value/a', '/list/value/0', '/list/value/1'],
    });
  });

  it.each<[string, JsonObject, string]>([
    ['a name', radius('A.B/c', "[parameters('secret')]"), '/template/resources/a'],
    ['a type', { ...radius('A.B/c', 'a'), type: "[parameters('secret')]" }, '/template/resources/a'],
    ['a condition', radius('A.B/c', 'a', {}, { condition: "[empty(parameters('secret'))]" }), '/template/resources/a'],
    [
      'a count',
      radius('A.B/c', 'a', {}, { copy: { name: 'n', count: "[length(parameters('secret'))]" } }),
      '/template/resources/a/copy',
    ],
    [
      'the name of a member',
      radius('A.B/c', 'a', { "[parameters('secret')]": 1 }),
      "/template/resources/a/properties/properties/[parameters('secret')]",
    ],
    [
      'what is asked of the world',
      radius('A.B/c', 'a', { x: "[reference(parameters('secret'), '1')]" }),
      '/template/resources/a/properties/properties/x',
    ],
    [
      'a dependency',
      radius('A.B/c', 'a', {}, { dependsOn: ["[parameters('secret')]"] }),
      '/template/resources/a/dependsOn/0',
    ],
  ])('is refused as %s', (_what, a, pointer) => {
    expect(faultsOf(() => template({ a }))).toEqual([`SecretInTheOpen ${pointer}`]);
  });

  it('is refused as the default or the value of a parameter that is open', () => {
    const parameters = { ...PARAMETERS, open: { type: 'string', defaultValue: "[parameters('secret')]" } };
    expect(faultsOf(() => template({}, { parameters }))).toEqual(['SecretInTheOpen /template/parameters/open']);
    const module = (type: string): JsonObject => ({
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2020-10-01',
      name: 'm',
      properties: {
        expressionEvaluationOptions: { scope: 'inner' },
        parameters: { p: { value: "[parameters('secret')]" } },
        template: { parameters: { p: { type } }, resources: {} },
      },
    });
    const place = '/template/resources/m/properties/parameters/p';
    expect(faultsOf(() => template({ m: module('string') }))).toEqual([`SecretInTheOpen ${place}`]);
    const inner = template({ m: module('securestring') });
    expect(inner.secrets).toContain(`${place}/value`);
    expect(inner.bodyOf('m', NOTHING_KNOWN)).toMatchObject({ secrets: ['/properties/parameters/p/value'] });
  });

  it.each([
    "[int(parameters('secret'))]",
    "[json(parameters('secret'))]",
    "[variables(parameters('secret'))]",
    "[createObject('a', 1)[parameters('secret')]]",
    "[parameters('whole')[parameters('secret')]]",
    "[resourceId(parameters('secret'), 'x')]",
    "[resourceId('A.B/c/d', parameters('secret'))]",
    "[copyIndex(parameters('secret'))]",
    "[format(concat('{', parameters('secret'), '}'), 1)]",
    "[add(parameters('secret'), 1)]",
    "[base64ToString(parameters('secret'))]",
  ])('is in no word of what is wrong with %s', (expression) => {
    const problems = problemsOf(() => template({ a: radius('A.B/c', 'a', { x: expression }) }));
    expect(problems.length).toBe(1);
    expect(JSON.stringify(problems) + new InvalidTemplate(problems).message).not.toContain(CANARY);
  });
});
