import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { DEFAULT_QUOTAS, type Quotas } from '../../domain/quota.ts';
import { openApiStand, type ApiStand, type Reply, type RunningApi } from '../_support/api.ts';
import { completeDeployment, deployBody, endProvisioning, freshName, PROVISION } from '../_support/api-states.ts';
import { readyEnvironment } from '../_support/api-states.ts';
import { SCALING } from '../_support/sample-world.ts';

let stand: ApiStand;
beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const within = (quotas: Partial<Quotas>) => stand.start({ quotas: { ...DEFAULT_QUOTAS, ...quotas } });

let tenants = 0;
const freshTenant = () => `quota-${(tenants += 1)}`;

const provision = (api: RunningApi, tenant: string, headers = {}) =>
  stand.call('POST', '/v1/runtime/environments', {
    ...{ api, token: { tenant }, headers },
    body: { ...PROVISION, tenantId: tenant, name: freshName() },
  });

const component = (moduleId: string, change = {}) => ({
  ...{ moduleId, image: 'acr.azurecr.io/reservations-api:1.4.2', target: 'aks' },
  ...change,
});

const deploy = (api: RunningApi, key: EnvironmentKey, components: object[], change = {}) =>
  stand.call('POST', '/v1/runtime/deployments', {
    api,
    body: deployBody(key.environmentId, { components, ...change }),
  });

async function deployed(api: RunningApi, key: EnvironmentKey, components: object[]): Promise<DeploymentId> {
  const { status, body } = await deploy(api, key, components);
  expect(status).toBe(202);
  await completeDeployment(stand.db, key, body.deploymentId as DeploymentId);
  return body.deploymentId as DeploymentId;
}

const exceeded = (quota: string, limit: number, used: number, wanted: number) => ({
  ...{ status: 409, code: 'QuotaExceeded', quota, limit, used, wanted },
});
const accepted = (replies: Reply[]) => replies.filter(({ status }) => status === 202).length;

describe('environments of a tenant', () => {
  it('are bounded: of 100 that are asked for at once with one place left, exactly one is accepted', async () => {
    const [api, tenant] = [await within({ environments: 3 }), freshTenant()];
    for (let made = 0; made < 2; made += 1) expect((await provision(api, tenant)).status).toBe(202);
    const replies = await Promise.all(Array.from({ length: 100 }, () => provision(api, tenant)));
    expect(accepted(replies)).toBe(1);
    const refused = replies.filter(({ status }) => status !== 202);
    for (const { body } of refused) expect(body).toMatchObject(exceeded('environments', 3, 3, 4));
    const { body } = await stand.call('GET', '/v1/runtime/environments', { token: { tenant } });
    expect(body.items).toHaveLength(3);
  });

  it('that failed have given their place back, and one tenant has none of another', async () => {
    const [api, tenant] = [await within({ environments: 1 }), freshTenant()];
    const { body } = await provision(api, tenant);
    expect((await provision(api, tenant)).status).toBe(409);
    expect((await provision(api, freshTenant())).status).toBe(202);
    const key = { tenantId: tenant, environmentId: body.environmentId as EnvironmentKey['environmentId'] };
    await endProvisioning(stand.db, key, 'Failed');
    expect((await provision(api, tenant)).status).toBe(202);
  });

  it('are not counted twice for one Idempotency-Key, and a refused key is free for another try', async () => {
    const [api, tenant] = [await within({ environments: 1 }), freshTenant()];
    const body = { ...PROVISION, tenantId: tenant, name: freshName() };
    const call = (key: string, name = body.name) =>
      stand.call('POST', '/v1/runtime/environments', {
        ...{ api, token: { tenant }, body: { ...body, name }, headers: { 'idempotency-key': key } },
      });
    const replies = [await call('one'), await call('one'), await call('two', freshName())];
    expect(replies.map(({ status }) => status)).toEqual([202, 202, 409]);
    const key = { tenantId: tenant, environmentId: replies[0]?.body.environmentId as EnvironmentKey['environmentId'] };
    await endProvisioning(stand.db, key, 'Failed');
    expect((await call('two', freshName())).status).toBe(202);
  });
});

describe('operations of an environment', () => {
  it('that have not ended are bounded: of many at once as many are accepted as there are places', async () => {
    const api = await within({ operations: 5 });
    const key = await readyEnvironment(stand);
    const replies = await Promise.all(Array.from({ length: 30 }, () => deploy(api, key, [component('one')])));
    expect(accepted(replies)).toBe(5);
    const refused = replies.find(({ status }) => status !== 202);
    expect(refused?.body).toMatchObject(exceeded('operations', 5, 5, 6));
  });

  it('give their place back when they end', async () => {
    const api = await within({ operations: 1 });
    const key = await readyEnvironment(stand);
    await deployed(api, key, [component('one')]);
    await deployed(api, key, [component('one')]);
  });
});

describe('services and replicas of an environment', () => {
  it('count what is live, what is accepted already, and what is asked for', async () => {
    const api = await within({ services: 3 });
    const key = await readyEnvironment(stand);
    await deployed(api, key, [component('one')]);
    expect((await deploy(api, key, [component('two'), component('three')])).status).toBe(202);
    expect((await deploy(api, key, [component('four')])).body).toMatchObject(exceeded('services', 3, 3, 4));
    expect((await deploy(api, key, [component('three')])).status).toBe(202);
    const whole = ['four', 'five', 'six'].map((name) => component(name));
    expect((await deploy(api, key, whole, { prune: true })).status).toBe(202);
  });

  it('refuse a dry run as they would the call', async () => {
    const api = await within({ services: 1 });
    const key = await readyEnvironment(stand);
    const body = deployBody(key.environmentId, { components: [component('one'), component('two')] });
    const reply = await stand.call('POST', '/v1/runtime/deployments?dryRun=true', { api, body });
    expect(reply.body).toMatchObject(exceeded('services', 1, 0, 2));
  });

  it('are summed over all services, one replica where none is said', async () => {
    const api = await within({ replicas: 6 });
    const key = await readyEnvironment(stand);
    await deployed(api, key, [component('one', { replicas: 4 }), component('two')]);
    expect((await deploy(api, key, [component('three', { replicas: 2 })])).body).toMatchObject(
      exceeded('replicas', 6, 5, 7),
    );
    await deployed(api, key, [component('one', { replicas: 3 }), component('three', { replicas: 2 })]);
    expect((await deploy(api, key, [component('two', { replicas: 2 })])).status).toBe(409);
  });

  it('bound what a scaling policy asks for as well, and then the policy is not there', async () => {
    const api = await within({ replicas: 4 });
    const key = await readyEnvironment(stand);
    await deployed(api, key, [component('one'), component('two')]);
    const apply = (minReplicas: number) =>
      stand.call('POST', '/v1/runtime/scaling-policies', {
        api,
        body: { ...key, tenantId: undefined, serviceId: 'one', ...SCALING, minReplicas, maxReplicas: 50 },
      });
    expect((await apply(5)).body).toMatchObject(exceeded('replicas', 4, 2, 6));
    const { body } = await stand.call('GET', `/v1/runtime/scaling-policies?environmentId=${key.environmentId}`);
    expect(body.items).toEqual([]);
    expect((await apply(3)).status).toBe(202);
  });

  it('let through what asks for no more than there is, also when the limit was lowered below that', async () => {
    const key = await readyEnvironment(stand);
    const api = await within({});
    await deployed(api, key, [component('one', { replicas: 2 }), component('two', { replicas: 2 })]);
    const second = await deployed(api, key, [component('one', { replicas: 2 })]);
    const lowered = { environmentId: key.environmentId, quota: { services: 1, replicas: 1 } };
    const bound = await stand.call('POST', '/v1/runtime/internal/tenant-bindings', { internal: true, body: lowered });
    expect(bound.status).toBe(200);
    expect((await deploy(api, key, [component('three')])).body).toMatchObject(exceeded('services', 1, 2, 3));
    expect((await deploy(api, key, [component('one', { replicas: 3 })])).body).toMatchObject(
      exceeded('replicas', 1, 4, 5),
    );
    expect((await deploy(api, key, [component('one', { replicas: 1 })])).status).toBe(202);
    expect((await stand.call('POST', `/v1/runtime/deployments/${second}/rollback`, { api })).status).toBe(202);
  });

  it('are those of the binding, not the configured ones, where it says so', async () => {
    const api = await within({ services: 1 });
    const key = await readyEnvironment(stand);
    const two = [component('one'), component('two')];
    expect((await deploy(api, key, two)).status).toBe(409);
    const body = { environmentId: key.environmentId, quota: { services: 2 } };
    await stand.call('POST', '/v1/runtime/internal/tenant-bindings', { internal: true, body });
    expect((await deploy(api, key, two)).status).toBe(202);
  });
});
