/** What every object of the language has by itself (`constructor`, `toString`, …) is a name like any other, or refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_QUOTAS } from '../../domain/quota.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type Reply } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { FULL_BODIES } from '../_support/full-bodies.ts';

/** The only one of them that a service can be called. */
const SERVICE = 'constructor';
const INHERITED = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', '__defineGetter__'];

let stand: ApiStand;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const named = (moduleId: string, change: object = {}) => {
  const { dependsOn: _none, ...component } = { dependsOn: [], ...deployBody('').components[0] };
  return { ...component, moduleId, ...change };
};
const deploy = (environmentId: string, components: object[], more: object = {}): Promise<Reply> =>
  stand.call('POST', '/v1/runtime/deployments', { body: deployBody(environmentId, { components }), ...more });
const rehearse = async (environmentId: string, components: object[]) => {
  const body = deployBody(environmentId, { components });
  return (await stand.call('POST', '/v1/runtime/deployments?dryRun=true', { body })).body;
};

describe('a service called like that', () => {
  it('is not there before it is deployed: nothing can depend on it', async () => {
    const { body } = await deploy(key.environmentId, [named('module-a', { dependsOn: [SERVICE] })]);
    expect(body).toMatchObject({ code: 'DependencyUnknown', errors: [{ pointer: '/components/0/dependsOn/0' }] });
  });

  it('counts for the quota of replicas', async () => {
    const api = await stand.start({ quotas: { ...DEFAULT_QUOTAS, environments: 100_000, replicas: 5 } });
    const { body } = await deploy(key.environmentId, [named(SERVICE, { replicas: 6 })], { api });
    expect(body).toMatchObject({ code: 'QuotaExceeded', quota: 'replicas', limit: 5, used: 0, wanted: 6 });
  });

  it('is deployed, depended on, scaled, restarted and gone back to like any other', async () => {
    const own = await readyEnvironment(stand);
    const components = [named('module-a', { dependsOn: [SERVICE] }), named(SERVICE, { replicas: 2 })];
    const first = await deploy(own.environmentId, components);
    expect(first.status).toBe(202);
    await completeDeployment(stand.db, own, first.body.deploymentId as DeploymentId);
    const service = { environmentId: own.environmentId, serviceId: SERVICE };
    const policy = { target: 'aks', metric: 'cpu', minReplicas: 2, maxReplicas: 4, targetUtilizationPercent: 50 };
    const body = { ...service, ...policy, scaleToZero: false };
    expect((await stand.call('POST', '/v1/runtime/scaling-policies', { body })).status).toBeLessThan(300);
    const restart = `/v1/runtime/services/${SERVICE}/restart?environmentId=${own.environmentId}`;
    const restarted = await stand.call('POST', restart);
    expect(restarted.status).toBe(202);
    await completeDeployment(stand.db, own, restarted.body.deploymentId as DeploymentId);
    const back = `/v1/runtime/deployments/${String(restarted.body.deploymentId)}/rollback`;
    expect((await stand.call('POST', back)).status).toBe(202);
  });

  it('has a policy before it is there without being there', async () => {
    const own = await readyEnvironment(stand);
    const policy = { target: 'aks', metric: 'cpu', minReplicas: 1, maxReplicas: 4, targetUtilizationPercent: 50 };
    const body = { environmentId: own.environmentId, serviceId: SERVICE, ...policy, scaleToZero: false };
    const reply = await stand.call('POST', '/v1/runtime/scaling-policies', { body });
    const other = await stand.call('POST', '/v1/runtime/scaling-policies', {
      body: { ...body, serviceId: 'module-none' },
    });
    expect([reply.status, reply.body.code]).toEqual([other.status, other.body.code]);
  });
});

describe('a field called like that', () => {
  const bodies = Object.entries(FULL_BODIES).filter(([name]) => !/internal/.test(name));

  it.each(INHERITED)('%s is unknown to every body', async (field) => {
    for (const [name, [body]] of bodies) {
      const [method = '', route = ''] = name.split(' ');
      const path = `/v1${route.replaceAll(/\{(\w+)\}/g, (_all, id: string) => `${id.slice(0, 3)}-1`)}`;
      const text = JSON.stringify(body).replace(/^\{/, `{"${field}":{"x":1},`);
      const reply = await stand.call(method, path, { body: text });
      expect([name, reply.status, reply.body.errors]).toEqual([
        name,
        400,
        [{ pointer: `/${field}`, message: 'is not a known field' }],
      ]);
    }
  });

  it('__proto__ is refused by every body, at any depth', async () => {
    for (const text of ['{"__proto__":{}}', '{"a":[{"b":{"__proto__":1}}]}', '{"\\u005f_proto__":1}']) {
      for (const [name] of bodies) {
        const [method = '', route = ''] = name.split(' ');
        const path = `/v1${route.replaceAll(/\{(\w+)\}/g, (_all, id: string) => `${id.slice(0, 3)}-1`)}`;
        expect((await stand.call(method, path, { body: text })).body.code).toBe('MalformedJson');
      }
    }
    expect(({} as Record<string, unknown>).b).toBeUndefined();
  });

  it('is no query parameter', async () => {
    for (const field of [...INHERITED, '__proto__']) {
      const { body } = await stand.call('GET', `/v1/runtime/environments?${field}=1`);
      expect(body).toMatchObject({ code: 'ValidationFailed', errors: [{ pointer: `?${field}` }] });
    }
  });
});

describe('an entry called like that', () => {
  it.each(INHERITED)('%s is a file like any other, and no variable', async (name) => {
    const files = Object.fromEntries([[name, `of ${name}`]]);
    const { environmentId } = key;
    const published = await stand.call('POST', '/v1/runtime/configurations', { body: { environmentId, files } });
    expect(published.status).toBe(201);
    const { body } = await stand.call('GET', `/v1/runtime/configurations/${String(published.body.configurationId)}`);
    expect(body.files).toEqual(files);
    const variables = { environmentId, values: files };
    const refused = await stand.call('POST', '/v1/runtime/configurations', { body: variables });
    expect(refused.body.errors?.map(({ pointer }) => pointer)).toEqual([`/values/${name}`]);
    const component = await deploy(environmentId, [named('module-a', { env: files })]);
    expect(component.body.errors?.map(({ pointer }) => pointer)).toEqual([`/components/0/env/${name}`]);
  });
});

describe('a plan', () => {
  it('of a service called like that starts from nothing', async () => {
    const own = await readyEnvironment(stand);
    const { plan, problems } = await rehearse(own.environmentId, [named(SERVICE)]);
    // No registry is beside this API; nothing but that is in the way.
    expect(plan).toBeNull();
    expect(problems).toMatchObject([{ serviceId: SERVICE }]);
  });
});
