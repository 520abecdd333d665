import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type Reply } from '../_support/api.ts';
import { deployBody, freshName, PROVISION, readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;
let sql: Client;
let key: EnvironmentKey;
let small: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  sql = new Client({ connectionString: stand.config.databaseUrl });
  await sql.connect();
  key = await readyEnvironment(stand);
  small = await readyEnvironment(stand, { computeTargets: ['aks'] });
});
afterAll(async () => {
  await sql?.end();
  await stand?.[Symbol.asyncDispose]();
});

/** Nothing may be started by any of these. */
let before: unknown;
const started = async () => [
  (await sql.query('select count(*) from operations')).rows,
  (await sql.query('select count(*) from environments')).rows,
  (await sql.query('select count(*) from configurations')).rows,
  stand.rings.length,
];
beforeEach(async () => {
  before = await started();
});
afterEach(async () => {
  expect(await started()).toEqual(before);
});

function expectProblem(reply: Reply, status: number, code: string, pointers: string[] = []): void {
  expect({ status: reply.status, code: reply.body.code }).toEqual({ status, code });
  expect(reply.headers.get('content-type')).toBe('application/problem+json');
  expect(reply.body).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect(reply.body.traceId).toBe(reply.headers.get('x-trace-id'));
  expect(reply.headers.get('cs-schema-version')).toBe('1.0');
  expect((reply.body.errors ?? []).map(({ pointer }) => pointer).sort()).toEqual(pointers.sort());
}

const provision = (body: unknown, headers?: Record<string, string>) =>
  stand.call('POST', '/v1/runtime/environments', { body, headers });
const deploy = (body: unknown) => stand.call('POST', '/v1/runtime/deployments', { body });
const asked = () => ({ ...PROVISION, name: freshName() });
const withComponent = (change: object) => {
  const [first, second] = deployBody('').components;
  return deployBody(key.environmentId, { components: [first, { ...second, ...change }] });
};

describe('a body that is made to cost', () => {
  const many = (count: number, key: (at: number) => string, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [key(at), value]));

  it.each<[string, () => unknown]>([
    ['files', () => ({ environmentId: 'env-0', files: many(8_000, (at) => `f${at}`, '') })],
    ['files in folders', () => ({ environmentId: 'env-0', files: many(4_000, (at) => `${'a/'.repeat(90)}${at}`, '') })],
    ['values', () => ({ environmentId: 'env-0', values: many(8_000, (at) => `V${at}`, 1) })],
    ['unknown fields', () => many(8_000, (at) => `u${at}`, 1)],
    ['one long name', () => ({ ['n'.repeat(900_000)]: 1 })],
  ])('of many %s is refused in a few sentences, for little', async (_what, body) => {
    const token = await stand.token();
    const text = JSON.stringify(body());
    const before = process.cpuUsage();
    const reply = await stand.call('POST', '/v1/runtime/configurations', { body: text, token });
    const { user, system } = process.cpuUsage(before);
    expect([400, 404]).toContain(reply.status);
    expect(JSON.stringify(reply.body).length).toBeLessThan(10_000);
    // Client and API together, on a machine that may be busy; what grew with the square of the body took ten times that.
    expect((user + system) / 1000).toBeLessThan(500);
  });
});

describe('bodies that are no JSON we take', () => {
  it.each([
    ['half an object', '{"name": ', /line 1, column 10/],
    ['a stray comma', '{"a": 1,\n }', /line 2, column 2/],
    ['a key twice', '{"name": "a", "name": "b"}', /twice/],
    ['a key twice, once escaped', '{"name": "a", "n\\u0061me": "b"}', /twice/],
    ['__proto__', '{"__proto__": {"stage": "prod"}}', /not allowed/],
    ['a NUL', '{"name": "a\\u0000b"}', /NUL/],
    ['half a surrogate pair', '{"name": "\\ud800"}', /half a character/],
    ['nesting beyond 32', `${'['.repeat(40)}${']'.repeat(40)}`, /deeper than 32/],
    ['brackets that never close', '['.repeat(500_000), /deeper than 32 levels \(position 32\)/],
    ['a list without measure', `[${'1,'.repeat(40_000)}1]`, /more than 8192 members/],
  ])('answers 400 MalformedJson for %s, saying where', async (_name, text, where) => {
    const reply = await provision(text);
    expectProblem(reply, 400, 'MalformedJson');
    expect(reply.body.detail).toMatch(where);
  });

  it('answers 413 for more than a megabyte', async () => {
    expectProblem(await provision(JSON.stringify({ name: 'x'.repeat(1024 * 1024) })), 413, 'BodyTooLarge');
  });

  it.each([
    ['another type', { 'content-type': 'text/plain' }],
    ['another character set', { 'content-type': 'application/json; charset=latin1' }],
    ['compression', { 'content-encoding': 'gzip' }],
  ])('answers 415 for %s', async (_name, headers) => {
    expectProblem(await provision(asked(), headers), 415, 'UnsupportedMediaType');
  });

  it('answers 400 for no body at all', async () => {
    expectProblem(await provision(undefined), 400, 'ValidationFailed', ['']);
  });
});

describe('POST environments', () => {
  it.each([
    ['an unknown field', { colour: 'red' }, ['/colour']],
    ['a field that is ours to give', { environmentId: 'env-1', status: 'Ready' }, ['/environmentId', '/status']],
    ['a wrong type', { name: 7 }, ['/name']],
    ['a name with a shell in it', { name: 'a;rm -rf $(pwd)' }, ['/name']],
    ['a name that goes upwards', { name: '../../etc' }, ['/name']],
    ['a name that ends with a line', { name: 'booking-prod\n' }, ['/name']],
    ['a name in capitals', { name: 'Booking' }, ['/name']],
    ['a name too long', { name: 'a'.repeat(41) }, ['/name']],
    ['an unknown stage', { stage: 'production' }, ['/stage']],
    ['an unknown isolation model', { isolationModel: 'none' }, ['/isolationModel']],
    ['an unknown target', { computeTargets: ['aks', 'mainframe'] }, ['/computeTargets/1']],
    ['a target twice', { computeTargets: ['aks', 'aks'] }, ['/computeTargets']],
    ['no target', { computeTargets: [] }, ['/computeTargets']],
    ['a project with a path', { projectId: 'a/b' }, ['/projectId']],
    ['several at once', { region: '$HOME', stage: 3 }, ['/region', '/stage']],
  ])('answers 400 for %s, with its pointer', async (_name, change, pointers) => {
    expectProblem(await provision({ ...asked(), ...change }), 400, 'ValidationFailed', pointers);
  });

  it('names every field that is missing', async () => {
    const pointers = ['/projectId', '/name', '/stage', '/region', '/isolationModel', '/computeTargets'];
    expectProblem(await provision({}), 400, 'ValidationFailed', pointers);
  });

  it('answers 400 for a query parameter nobody knows, rather than leave it aside', async () => {
    const reply = await stand.call('POST', '/v1/runtime/environments?wetRun=true', { body: asked() });
    expectProblem(reply, 400, 'ValidationFailed', ['?wetRun']);
  });
});

describe('POST deployments', () => {
  it.each([
    ['an unknown field', deployBody('env-1', { force: true }), ['/force']],
    ['no components', deployBody('env-1', { components: [] }), ['/components']],
    ['an unknown strategy', deployBody('env-1', { strategy: 'YOLO' }), ['/strategy']],
    ['a release with a path', deployBody('env-1', { releaseRef: 'a/../b' }), ['/releaseRef']],
    ['an id with a quote', deployBody("env-1' or '1'='1"), ['/environmentId']],
    ['a rollout out of bounds', deployBody('env-1', { rollout: { maxParallel: 0 } }), ['/rollout/maxParallel']],
    [
      'a gate that no release could pass',
      deployBody('env-1', { rollout: { minHealthySeconds: 60, healthyDeadlineSeconds: 30 } }),
      ['/rollout/minHealthySeconds'],
    ],
  ])('answers 400 for %s, with its pointer', async (_name, body, pointers) => {
    expectProblem(await deploy(body), 400, 'ValidationFailed', pointers);
  });

  it.each([
    ['an unknown target', { target: 'mainframe' }, '/target'],
    ['an unknown field', { command: 'sh' }, '/command'],
    ['an image with a shell in it', { image: 'acr.azurecr.io/a:$(id)' }, '/image'],
    ['an image that goes upwards', { image: '../../bin/sh' }, '/image'],
    ['an image with a space', { image: 'a b' }, '/image'],
    ['a module that goes upwards', { moduleId: '../x' }, '/moduleId'],
    ['a port out of range', { port: 70_000 }, '/port'],
    ['two ways to ask for health', { health: { path: '/', tcp: true } }, '/health'],
    ['no way to ask for health', { health: {} }, '/health'],
    ['half a replica', { replicas: 1.5 }, '/replicas'],
    ['a reserved variable', { env: { PORT: '80' } }, '/env/PORT'],
  ])('answers 400 for a component with %s, with its pointer', async (_name, change, pointer) => {
    expectProblem(await deploy(withComponent(change)), 400, 'ValidationFailed', [`/components/1${pointer}`]);
  });

  it('answers 400 for a component twice', async () => {
    const body = withComponent({ moduleId: 'module-reservations-api' });
    expectProblem(await deploy(body), 400, 'DuplicateComponent', ['/components/1/moduleId']);
  });

  it("answers 400 for a target outside the environment's", async () => {
    const reply = await deploy(deployBody(small.environmentId));
    expectProblem(reply, 400, 'TargetNotInEnvironment', ['/components/1/target']);
  });

  it('answers 404 for an environment that is not there', async () => {
    expectProblem(await deploy(deployBody('env-00000000')), 404, 'EnvironmentNotFound');
  });

  it('answers 404 for a configuration that is not there', async () => {
    const body = deployBody(key.environmentId, { configurationId: 'cfg-00000000' });
    expectProblem(await deploy(body), 404, 'ConfigurationNotFound');
  });

  it('answers 400 for a rollback with a body nobody knows', async () => {
    const reply = await stand.call('POST', '/v1/runtime/deployments/dep-1/rollback', { body: { to: 'dep-0' } });
    expectProblem(reply, 400, 'ValidationFailed', ['/to']);
  });
});

describe('paths and queries', () => {
  it.each([
    ['a path with a quote', "/v1/runtime/environments/env-'1", 400, 'ValidationFailed', ['{environmentId}']],
    ['a path with a NUL', '/v1/runtime/deployments/dep-%00', 400, 'ValidationFailed', ['{deploymentId}']],
    ['a path that does not decode', '/v1/runtime/environments/%ff', 404, 'RouteNotFound', []],
    ['a name that is no id', '/v1/runtime/environments/nope', 404, 'EnvironmentNotFound', []],
    ['a tail that is no number', '/v1/runtime/services/a/logs?tail=all', 400, 'ValidationFailed', ['?tail']],
    ['a tail too long', '/v1/runtime/services/a/logs?tail=10001', 400, 'ValidationFailed', ['?tail']],
    ['a parameter twice', '/v1/runtime/services/a/logs?tail=1&tail=2', 400, 'ValidationFailed', ['?tail']],
    ['an unknown parameter', '/v1/runtime/services/a/logs?since=1', 400, 'ValidationFailed', ['?since']],
  ])('answers %s without an accident', async (_name, path, status, code, pointers) => {
    expectProblem(await stand.call('GET', path), status, code, pointers);
  });
});
