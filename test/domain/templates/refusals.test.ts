import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../domain/templates/json.ts';
import { prepareTemplate } from '../../../domain/templates/prepare.ts';
import {
  deployment,
  faultsOf,
  IMPORTS,
  prepared,
  problemsOf,
  radius,
  SCOPE,
  worldOf,
} from '../../_support/templates.ts';

const faults = (template: JsonObject, parameters: JsonObject = {}) =>
  faultsOf(() => prepared({ imports: IMPORTS, resources: {}, ...template }, parameters));
const of = (resources: Json) => faults({ resources });

describe('resources', () => {
  it('that wait for each other are refused, and the way around is told', () => {
    const resources = {
      a: radius('A.B/c', 'a', { x: "[reference('b').id]" }),
      b: radius('A.B/c', 'b', { x: "[resourceId('A.B/c', 'c')]" }),
      c: radius('A.B/c', 'c', {}, { dependsOn: ['a'] }),
      d: radius('A.B/c', 'd', {}, { dependsOn: ['a'] }),
    };
    expect(problemsOf(() => prepared({ imports: IMPORTS, resources }))).toEqual([
      {
        fault: 'Cycle',
        pointer: '/template/resources/a',
        message: 'These resources wait for each other: a → b → c → a.',
      },
    ]);
    expect(of({ a: radius('A.B/c', 'a', { x: "[reference('a').id]" }) })).toEqual(['Cycle /template/resources/a']);
  });

  it.each<[string, JsonObject, string]>([
    [
      'a name that is not known from the start',
      radius('A.B/c', "[reference('z').id]"),
      'NotKnownYet /template/resources/a',
    ],
    [
      'a condition that is not',
      radius('A.B/c', 'a', {}, { condition: "[reference('z').on]" }),
      'NotKnownYet /template/resources/a',
    ],
    [
      'a condition that is no boolean',
      radius('A.B/c', 'a', {}, { condition: 'true' }),
      'WrongType /template/resources/a',
    ],
    ['no name', { import: 'Radius', type: 'A.B/c@1', properties: {} }, 'InvalidShape /template/resources/a'],
    ['an empty name', radius('A.B/c', ''), 'InvalidShape /template/resources/a'],
    [
      'no version',
      { import: 'Radius', type: 'A.B/c', properties: { name: 'a' } },
      'InvalidShape /template/resources/a',
    ],
    ['more names than its type', radius('A.B/c', 'a/b'), 'InvalidArgument /template/resources/a'],
    ['a type without a namespace', radius('A.B', 'a'), 'InvalidArgument /template/resources/a'],
    [
      'an extension that is not there',
      radius('A.B/c', 'a', {}, { import: 'Other' }),
      'InvalidShape /template/resources/a',
    ],
    ['what would be lost', radius('A.B/c', 'a', {}, { tags: {} }), 'InvalidShape /template/resources/a'],
    ['another group', { ...radius('A.B/c', 'a'), resourceGroup: 'other' }, 'NotSupported /template/resources/a'],
    [
      'no name yet and there already',
      { import: 'AWS', type: 'AWS.S3/Bucket@default', existing: true, properties: { alias: 'b' } },
      'NotSupported /template/resources/a',
    ],
    ['resources within', radius('A.B/c', 'a', {}, { resources: [] }), 'NotSupported /template/resources/a/resources'],
    [
      'an unknown dependency',
      radius('A.B/c', 'a', {}, { dependsOn: ['y'] }),
      'UnknownResource /template/resources/a/dependsOn/0',
    ],
    [
      'dependencies that are no list',
      radius('A.B/c', 'a', {}, { dependsOn: 'z' }),
      'InvalidShape /template/resources/a/dependsOn',
    ],
    [
      'a reference to what is not made',
      radius('A.B/c', 'a', { x: ["[reference('off').id]"] }),
      'UnknownResource /template/resources/a/properties/properties/x/0',
    ],
    ['the id of another', radius('a.b/C', 'Z'), 'DuplicateResource /template/resources/z'],
  ])('with %s are refused', (_what, a, fault) => {
    const off = radius('A.B/c', 'off', {}, { condition: false });
    expect(of({ a, z: radius('A.B/c', 'z'), off })).toEqual([fault]);
  });

  it('may refer to what is not made where they do not need it', () => {
    const a = radius('A.B/c', 'a', { x: "[if(false(), reference('off').id, 'none')]" });
    expect(of({ a, off: radius('A.B/c', 'off', {}, { condition: false }) })).toEqual([]);
  });

  it('of a system that the deployment has no scope for are refused', () => {
    const { providerconfig: _none, ...properties } = deployment({
      imports: IMPORTS,
      resources: { b: { import: 'AWS', type: 'AWS.S3/Bucket@default', properties: {} }, a: radius('A.B/c', 'a') },
    });
    expect(problemsOf(() => prepareTemplate(properties, { scope: SCOPE, group: null }))).toMatchObject([
      { fault: 'MissingScope', pointer: '/template/resources/b', message: expect.stringContaining('no scope for aws') },
    ]);
  });

  it('are refused when their turn comes and what they take is not there', () => {
    const resources = { a: radius('A.B/c', 'a'), b: radius('A.B/c', 'b', { x: "[reference('a').properties.host]" }) };
    const { bodyOf } = prepared({ imports: IMPORTS, resources });
    expect(faultsOf(() => bodyOf('b', worldOf({ a: { properties: {} } })))).toEqual([
      'UnknownProperty /template/resources/b/properties/properties/x',
    ]);
  });

  it('that turn out to name what is not there by then are refused', () => {
    const resources = {
      a: radius('A.B/c', 'a'),
      b: radius('A.B/c', 'b', { x: "[reference(reference('a').properties.other).id]" }),
      c: radius('A.B/c', 'c', {}, { dependsOn: ['b'] }),
    };
    const { bodyOf } = prepared({ imports: IMPORTS, resources });
    expect(faultsOf(() => bodyOf('b', worldOf({ a: { properties: { other: 'c' } } })))).toEqual([
      'NotKnownYet /template/resources/b/properties/properties/x',
    ]);
  });
});

describe('a template', () => {
  it.each<[string, Json, string[]]>([
    ['is no object', 'template', ['InvalidShape /template']],
    ['is missing', null, ['InvalidShape /template']],
    ['has a member that none has', { resource: {} }, ['InvalidShape /template/resource']],
    ['has functions of its own', { functions: [{ namespace: 'n' }] }, ['NotSupported /template/functions']],
    [
      'has sections that are none',
      { parameters: [], outputs: 'x', resources: 1 },
      ['InvalidShape /template/parameters', 'InvalidShape /template/resources', 'InvalidShape /template/outputs'],
    ],
    ['has a resource that is none', { resources: [[]] }, ['InvalidShape /template/resources/0']],
    ['has two variables of one name', { variables: { a: 1, A: 2 } }, ['InvalidShape /template/variables/A']],
    ['has an import without a name', { imports: { a: {} } }, ['InvalidShape /template/imports/a/provider']],
    [
      'has an output without a value',
      { outputs: { a: { type: 'string' } } },
      ['InvalidShape /template/outputs/a', 'WrongType /template/outputs/a'],
    ],
    [
      'has an output of another type',
      { outputs: { a: { type: 'int', value: '1' } } },
      ['WrongType /template/outputs/a'],
    ],
  ])('that %s is refused', (_what, template, expected) => {
    expect(faultsOf(() => prepareTemplate({ template }, { scope: SCOPE, group: null }))).toEqual(expected);
  });

  it('is deployed as a whole and nothing else: no other mode, no links', () => {
    const properties = { ...deployment({ resources: {} }), mode: 'Complete', templateLink: { uri: 'https://x' } };
    expect(faultsOf(() => prepareTemplate(properties, { scope: SCOPE, group: null }))).toEqual([
      'NotSupported /mode',
      'NotSupported /templateLink',
    ]);
  });

  it('is told all that is wrong at once, each thing where it stands', () => {
    const found = faults({
      variables: { v: "[nope('x']" },
      resources: {
        'a/b~c': radius('A.B/c', 'a', { '[[key]': "[parameters('x')]", other: ["[variables('y')]", '[if(1)]'] }),
      },
      outputs: { o: { type: 'string', value: "[reference('z').id]" } },
    });
    expect(found).toEqual([
      'InvalidExpression /template/variables/v',
      'UnknownParameter /template/resources/a~1b~0c/properties/properties/[[key]',
      'UnknownVariable /template/resources/a~1b~0c/properties/properties/other/0',
      'WrongArguments /template/resources/a~1b~0c/properties/properties/other/1',
      'UnknownResource /template/outputs/o/value',
    ]);
  });
});
