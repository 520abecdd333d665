import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../domain/templates/json.ts';
import type { PreparedTemplate } from '../../../domain/templates/prepare.ts';
import {
  AWS_SCOPE,
  AZURE_SCOPE,
  IMPORTS,
  NOTHING_KNOWN,
  prepared,
  radius,
  SCOPE,
  worldOf,
} from '../../_support/templates.ts';

const APP = `${SCOPE}/providers/Applications.Core/applications/demo`;
/** What `rad deploy` sends for an application with a cache and a container that is connected to it. */
const RADIUS_APP: JsonObject = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  metadata: { _EXPERIMENTAL_FEATURES_ENABLED: ['Extensibility'], _generator: { name: 'bicep', version: '0.30.23' } },
  parameters: {
    environment: { type: 'string' },
    tag: { type: 'string', defaultValue: 'latest' },
    port: { type: 'int' },
  },
  imports: IMPORTS,
  resources: {
    web: radius(
      'Applications.Core/containers',
      'web',
      {
        application: "[reference('app').id]",
        container: {
          image: "[format('ghcr.io/radius-project/samples/demo:{0}', parameters('tag'))]",
          ports: { web: { containerPort: "[parameters('port')]" } },
        },
        connections: { redis: { source: "[reference('db').id]" } },
      },
      { dependsOn: ['app', 'db'] },
    ),
    db: radius('Applications.Datastores/redisCaches', 'db', {
      application: "[reference('app').id]",
      environment: "[parameters('environment')]",
    }),
    app: radius('Applications.Core/applications', 'demo', { environment: "[parameters('environment')]" }),
  },
  outputs: { host: { type: 'string', value: "[reference('db').properties.host]" } },
};

const symbolsOf = ({ waves }: PreparedTemplate) => waves.map((wave) => wave.map(({ symbol }) => symbol));
const knownBody = (template: PreparedTemplate, symbol: string, world = NOTHING_KNOWN) => {
  const body = template.bodyOf(symbol, world);
  if (!body.isKnown) throw new Error(`the body of ${symbol} is not known`);
  return body.value;
};

describe('a template of an application', () => {
  const template = prepared(RADIUS_APP, { environment: '/planes/radius/local/env', port: 3000 });

  it('becomes waves, each of what needs only those before', () => {
    expect(symbolsOf(template)).toEqual([['app'], ['db'], ['web']]);
    expect(template.waves[0]).toEqual([
      {
        symbol: 'app',
        provider: 'radius',
        type: 'Applications.Core/applications',
        apiVersion: '2023-10-01-preview',
        id: APP,
        name: 'demo',
        isExisting: false,
        isWanted: true,
      },
    ]);
  });

  it('has the bodies of its first wave known from the start, without their names', () => {
    expect(template.bodyOf('app', NOTHING_KNOWN)).toEqual({
      isKnown: true,
      value: { properties: { environment: '/planes/radius/local/env' } },
      secrets: [],
    });
  });

  it('asks for the resources of earlier waves, each once, and takes of them what they have become', () => {
    const apiVersion = '2023-10-01-preview';
    const db = `${SCOPE}/providers/Applications.Datastores/redisCaches/db`;
    expect(template.bodyOf('web', NOTHING_KNOWN)).toEqual({
      isKnown: false,
      needs: [
        { symbol: 'app', id: APP, apiVersion, action: null },
        { symbol: 'db', id: db, apiVersion, action: null },
      ],
    });
    const half = template.bodyOf('web', worldOf({ app: { id: APP } }));
    expect(half).toMatchObject({ isKnown: false, needs: [{ symbol: 'db' }] });
    expect(knownBody(template, 'web', worldOf({ app: { id: APP }, db: { id: db } }))).toEqual({
      properties: {
        application: APP,
        container: {
          image: 'ghcr.io/radius-project/samples/demo:latest',
          ports: { web: { containerPort: 3000 } },
        },
        connections: { redis: { source: db } },
      },
    });
  });

  it('has its outputs when what they name is known', () => {
    expect(template.outputs(NOTHING_KNOWN)).toMatchObject({ isKnown: false, needs: [{ symbol: 'db' }] });
    expect(template.outputs(worldOf({ db: { properties: { host: 'localhost' } } }))).toEqual({
      isKnown: true,
      value: { host: { type: 'string', value: 'localhost' } },
      secrets: [],
    });
  });

  it('gives the same plan each time it is prepared', () => {
    const again = prepared(RADIUS_APP, { environment: '/planes/radius/local/env', port: 3000 });
    expect(again.waves).toEqual(template.waves);
    expect(knownBody(again, 'app')).toEqual(knownBody(template, 'app'));
  });
});

describe('a resource of another system', () => {
  it('of AWS lies in its account, and has no name before it is made', () => {
    const bucket = {
      import: 'AWS',
      type: 'AWS.S3/Bucket@default',
      properties: { alias: 'b', properties: { BucketName: 'b' } },
    };
    const template = prepared({ imports: IMPORTS, resources: { bucket } });
    expect(template.waves).toMatchObject([
      [{ id: `${AWS_SCOPE}/providers/AWS.S3/Bucket`, name: null, apiVersion: 'default' }],
    ]);
    expect(knownBody(template, 'bucket')).toEqual({ properties: { BucketName: 'b' } });
  });

  it('of Azure has its members beside its properties, and a reference to it is its properties', () => {
    const account = {
      type: 'Microsoft.Storage/storageAccounts',
      apiVersion: '2023-01-01',
      name: 'acc',
      sku: { name: 'S' },
    };
    const blob = {
      type: 'Microsoft.Storage/storageAccounts/blobServices',
      apiVersion: '2023-01-01',
      name: "[format('{0}/{1}', 'acc', 'default')]",
      properties: { end: "[reference('account').end]", all: "[reference('account', '2022-01-01', 'full').location]" },
      dependsOn: ["[resourceId('Microsoft.Storage/storageAccounts', 'acc')]"],
    };
    const template = prepared({ resources: { account, blob } });
    const id = `${AZURE_SCOPE}/providers/Microsoft.Storage/storageAccounts/acc`;
    expect(template.waves.flat().map((one) => one.id)).toEqual([id, `${id}/blobServices/default`]);
    expect(knownBody(template, 'account')).toEqual({ sku: { name: 'S' } });
    expect(template.bodyOf('blob', NOTHING_KNOWN)).toMatchObject({
      needs: [{ apiVersion: '2023-01-01' }, { apiVersion: '2022-01-01' }],
    });
    const world = worldOf({ account: { location: 'weu', properties: { end: 'https://acc' } } });
    expect(knownBody(template, 'blob', world)).toEqual({ properties: { end: 'https://acc', all: 'weu' } });
  });

  it('that the deployment says no scope for is refused, and so is an extension that is not there', () => {
    expect(() =>
      prepared({
        imports: { k8s: { provider: 'Kubernetes' } },
        resources: { a: { ...radius('A.B/c', 'a'), import: 'k8s' } },
      }),
    ).toThrow(/NotSupported at \/template\/resources\/a: Extensions are Radius and AWS/);
  });
});

describe('the order of resources', () => {
  const wave = (properties: JsonObject, more: JsonObject = {}) =>
    symbolsOf(
      prepared({ imports: IMPORTS, resources: { b: radius('A.B/c', 'b', properties, more), a: radius('A.B/c', 'a') } }),
    );

  it.each<[string, JsonObject, JsonObject]>([
    ['a reference', { x: "[reference('a').id]" }, {}],
    ['a reference by its id', { x: "[reference(resourceId('A.B/c', 'a'), '1').id]" }, {}],
    ['an id that resourceId() made', { x: ["[resourceId('A.B/c', 'a')]"] }, {}],
    ['an id that is written, in letters of another case', { x: `${SCOPE}/providers/a.b/C/A` }, {}],
    ['an id that names a member', { "[resourceId('A.B/c', 'a')]": {} }, {}],
    ['an action', { x: "[listSecrets('a', '1').key]" }, {}],
    ['dependsOn by its symbol', {}, { dependsOn: ['a'] }],
    ['dependsOn by its id', {}, { dependsOn: ["[resourceId('A.B/c', 'a')]"] }],
    [
      'a reference that is needed only if another resource says so',
      { x: "[if(reference('z').on, reference('a').id, '')]" },
      {},
    ],
  ])('comes from %s', (_what, properties, more) => {
    const z = radius('A.B/c', 'z', {}, { existing: true });
    // Without the dependency both would be in the wave after z.
    const a = radius('A.B/c', 'a', {}, { dependsOn: ['z'] });
    const b = radius('A.B/c', 'b', properties, { ...more, dependsOn: [...((more.dependsOn ?? []) as string[]), 'z'] });
    const resources = { b, a, z };
    expect(symbolsOf(prepared({ imports: IMPORTS, resources }))).toEqual([['a'], ['b']]);
  });

  it('lets what nothing binds be made at once, and takes no resource for its own dependency', () => {
    expect(wave({ self: "[resourceId('A.B/c', 'b')]" })).toEqual([['b', 'a']]);
  });

  it('goes through what is there already, and leaves out what is not wanted', () => {
    const resources = {
      c: radius('A.B/c', 'c', { x: "[reference('there').id]" }),
      there: radius('A.B/c', 'there', {}, { existing: true, dependsOn: ['a'] }),
      a: radius('A.B/c', 'a'),
      off: radius('A.B/c', 'off', { x: "[int('no number, and never looked at')]" }, { condition: '[equals(1, 2)]' }),
      d: radius('A.B/c', 'd', {}, { dependsOn: ['off'] }),
    };
    const template = prepared({ imports: IMPORTS, resources });
    expect(symbolsOf(template)).toEqual([['a'], ['d'], ['c']]);
    expect(template.targets.get('there')).toMatchObject({ isExisting: true, isWanted: true });
    expect(template.targets.get('off')).toMatchObject({ isExisting: false, isWanted: false });
  });

  it('is by names and ids in a template that lists its resources', () => {
    const one = (name: string, more: JsonObject = {}) => ({ type: 'A.B/c', apiVersion: '1', name, ...more });
    const resources = [
      one('web', { dependsOn: ['db', "[concat('A.B/c/', 'cache')]"], properties: { x: "[reference('db').host]" } }),
      one('db'),
      one('cache', { dependsOn: ["[resourceId('A.B/c', 'db')]"] }),
    ];
    const template = prepared({ resources });
    expect(template.waves.map((all) => all.map(({ name }) => name))).toEqual([['db'], ['cache'], ['web']]);
    const world = worldOf({ 'resources[1]': { properties: { host: 'h' } } });
    expect(knownBody(template, 'resources[0]', world)).toEqual({ properties: { x: 'h' } });
  });
});
