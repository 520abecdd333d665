/** Lists by service, status and time; paging and what all lists have in common are in lists.test.ts. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordFindings } from '../../db/drift.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type CallOptions, type Reply } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { cedarOf, FOUR_EYES } from '../_support/approvals.ts';
import { openWorld, SCALING, SECRET, type World } from '../_support/sample-world.ts';

const API = 'module-reservations-api';
const WORKER = 'module-billing-worker';

let stand: ApiStand;
/** Where production changes want an approval. */
let strict: Awaited<ReturnType<ApiStand['start']>>;
beforeAll(async () => {
  stand = await openApiStand();
  strict = await stand.start({ governance: cedarOf(FOUR_EYES) });
});
afterAll(() => stand?.[Symbol.asyncDispose]());

type Item = Record<string, unknown>;

/** A tenant of its own, so that a list holds what the test made and nothing else. */
function tenantOf(key: { tenantId: string }) {
  const token = { tenant: key.tenantId };
  const get = (path: string) => stand.call('GET', `/v1/runtime/${path}`, { token });
  return {
    get,
    post: (path: string, body: unknown, options: CallOptions = {}) =>
      stand.call('POST', `/v1/runtime/${path}`, { body, token, ...options }),
    items: async (path: string): Promise<Item[]> => {
      const reply = await get(path);
      expect([path, reply.status]).toEqual([path, 200]);
      return reply.body.items as Item[];
    },
  };
}
const newTenant = () => `filters-${randomUUID().slice(0, 8)}`;
const newWorld = () => openWorld(stand, { tenantId: newTenant() });
const pointersOf = ({ status, body }: Reply) => [status, body.errors?.map(({ pointer }) => pointer)];
/** A moment right after that of an answer, as a query takes it. */
const after = (time: unknown) => new Date(new Date(String(time)).getTime() + 1).toISOString();

function bodyOf(key: EnvironmentKey, moduleId: string, releaseRef: string) {
  const body = deployBody(key.environmentId, { tenantId: undefined, releaseRef });
  const components = body.components.filter((component) => component.moduleId === moduleId);
  return { ...body, components: components.map((component) => ({ ...component, dependsOn: undefined })) };
}

describe('operations and deployments by service', () => {
  let key: EnvironmentKey;
  let tenant: ReturnType<typeof tenantOf>;
  let first: DeploymentId;
  const started: Record<string, Item> = {};
  const idsOf = async (path: string, id: string) => (await tenant.items(path)).map((item) => item[id]);
  const operationOf = async (name: string) =>
    (await tenant.get(`deployments/${String(started[name]?.deploymentId)}`)).body.operationId;

  beforeAll(async () => {
    key = await readyEnvironment(stand, { tenantId: newTenant() });
    tenant = tenantOf(key);
    const complete = async (name: string, { status, body }: Reply) => {
      expect([name, status]).toEqual([name, 202]);
      started[name] = body;
      await completeDeployment(stand.db, key, body.deploymentId as DeploymentId);
    };
    await complete('both', await tenant.post('deployments', deployBody(key.environmentId, { tenantId: undefined })));
    first = started.both?.deploymentId as DeploymentId;
    await complete('worker', await tenant.post('deployments', bodyOf(key, WORKER, 'worker-2')));
    await complete('restart', await tenant.post(`services/${API}/restart`, {}));
    const scaled = { environmentId: key.environmentId, serviceId: WORKER, ...SCALING, minReplicas: 2 };
    started.scaling = (await tenant.post('scaling-policies', scaled)).body;
  });

  it('has what names it, restarts it or scales it, the newest first, and nothing else', async () => {
    const ofApi = [await operationOf('restart'), await operationOf('both')];
    const ofWorker = [await operationOf('scaling'), await operationOf('worker'), await operationOf('both')];
    expect(await idsOf(`operations?serviceId=${API}`, 'operationId')).toEqual(ofApi);
    expect(await idsOf(`operations?serviceId=${WORKER}`, 'operationId')).toEqual(ofWorker);
    expect(await idsOf('operations?serviceId=module-nobody', 'operationId')).toEqual([]);
    const wanted = ['scaling', 'worker', 'both'].map((name) => started[name]?.deploymentId);
    expect(await idsOf(`deployments?serviceId=${WORKER}`, 'deploymentId')).toEqual(wanted);
  });

  it('pages, and goes with the other filters', async () => {
    const page = await tenant.get(`operations?serviceId=${WORKER}&limit=2`);
    const rest = await tenant.items(`operations?serviceId=${WORKER}&limit=2&cursor=${String(page.body.nextCursor)}`);
    expect(rest.map(({ operationId }) => operationId)).toEqual([await operationOf('both')]);
    expect(await idsOf(`operations?serviceId=${WORKER}&status=Accepted`, 'operationId')).toEqual([
      await operationOf('scaling'),
    ]);
    expect(await idsOf(`operations?serviceId=${WORKER}&environmentId=env-00000000`, 'operationId')).toEqual([]);
    expect(pointersOf(await tenant.get('operations?serviceId=Not_A_Name'))).toEqual([400, ['?serviceId']]);
  });

  it("shows none of another tenant's service of that name", async () => {
    const stranger = tenantOf(await readyEnvironment(stand, { tenantId: newTenant() }));
    expect(await stranger.items(`operations?serviceId=${API}`)).toEqual([]);
  });

  it('has a rollback under what it would change', async () => {
    const own = await readyEnvironment(stand, { tenantId: newTenant() });
    const there = tenantOf(own);
    const deployed = async (body: unknown) => {
      const reply = await there.post('deployments', body);
      await completeDeployment(stand.db, own, reply.body.deploymentId as DeploymentId);
      return String(reply.body.deploymentId);
    };
    await deployed(bodyOf(own, API, 'one'));
    const second = await deployed(bodyOf(own, WORKER, 'two'));
    const back = await there.post(`deployments/${second}/rollback`, {});
    expect(back.status).toBe(202);
    const [newest] = await there.items(`deployments?serviceId=${WORKER}`);
    expect(newest?.deploymentId).toBe(back.body.deploymentId);
    const ofApi = await there.items(`deployments?serviceId=${API}`);
    expect(ofApi.map(({ releaseRef }) => releaseRef)).toEqual(['one']);
    expect(first).not.toBe(second);
  });
});

describe('approvals by service', () => {
  it('has those of what waits and of what takes effect at once', async () => {
    const { key, ids } = await newWorld();
    const tenant = tenantOf(key);
    const deployed = await tenant.post('deployments', bodyOf(key, WORKER, 'waits'), { api: strict });
    expect(deployed.status).toBe(202);
    const body = { environmentId: ids.environmentId, serviceId: API, ...SCALING };
    const scaled = await tenant.post('scaling-policies', body, { api: strict });
    expect([scaled.status, scaled.body.code]).toEqual([403, 'GovernanceApprovalRequired']);
    const of = async (query: string) => (await tenant.items(`approvals?${query}`)).map(({ approvalId }) => approvalId);
    const [waits] = await tenant.items('approvals?status=Pending&limit=2').then((items) => items.slice(1));
    expect(await of(`serviceId=${WORKER}`)).toEqual([waits?.approvalId]);
    expect(await of(`serviceId=${API}`)).toEqual([scaled.body.approvalId]);
    expect(await of(`serviceId=${API}&status=Approved`)).toEqual([]);
    expect(await of('serviceId=module-nobody')).toEqual([]);
    expect(pointersOf(await tenant.get('approvals?serviceId='))).toEqual([400, ['?serviceId']]);
  });
});

describe('services by status and time', () => {
  it('has those that a worker on the outside has seen so last', async () => {
    const { key, ids } = await newWorld();
    const tenant = tenantOf(key);
    const [service] = await tenant.items(`services?serviceId=${API}`);
    const path = `/v1/runtime/internal/environments/${ids.environmentId}/services/${API}`;
    const see = async (status: string) => {
      const body = { revision: service?.revision, observedAt: new Date().toISOString(), status };
      const seen = await stand.call('PUT', path, { internal: true, token: { tenant: key.tenantId }, body });
      expect(seen.status).toBe(200);
    };
    const of = async (status: string) =>
      (await tenant.items(`services?status=${status}`)).map(({ serviceId }) => serviceId);
    expect(await of('Running')).toEqual([]);
    await see('Running');
    expect(await of('Running')).toEqual([API]);
    await see('Missing');
    expect([await of('Running'), await of('Missing')]).toEqual([[], [API]]);
    expect(pointersOf(await tenant.get('services?status=Healthy'))).toEqual([400, ['?status']]);
  });

  it('has those that changed within a time', async () => {
    const { key } = await newWorld();
    const tenant = tenantOf(key);
    const [one] = await tenant.items('services');
    const at = String(one?.updatedAt);
    expect(await tenant.items(`services?updatedAfter=${at}`)).toHaveLength(2);
    expect(await tenant.items(`services?updatedAfter=${after(at)}`)).toEqual([]);
    expect(await tenant.items(`services?updatedBefore=${after(at)}`)).toHaveLength(2);
    expect(await tenant.items(`services?updatedBefore=${at}`)).toEqual([]);
    expect(pointersOf(await tenant.get('services?updatedAfter=now&updatedBefore=2026'))).toEqual([
      400,
      ['?updatedAfter', '?updatedBefore'],
    ]);
  });
});

describe('drift by time', () => {
  it('has what was detected within it', async () => {
    const { key, ids } = await newWorld();
    const tenant = tenantOf(key);
    const one = { kind: 'ImageVersionMismatch', subject: API, serviceId: API, desired: '2', actual: '1' } as const;
    await stand.db.forTenant(key.tenantId, (tx) => recordFindings(tx, key, ids.operationId as `op-${string}`, [one]));
    const found = async (query: string) =>
      (await tenant.get(`drift/${ids.environmentId}?${query}`)).body.findings as Item[];
    const [finding] = await found('');
    const at = String(finding?.detectedAt);
    expect(await found(`detectedAfter=${at}&detectedBefore=${after(at)}`)).toEqual([finding]);
    expect(await found(`detectedAfter=${after(at)}`)).toEqual([]);
    expect(await found(`detectedBefore=${at}`)).toEqual([]);
    const bad = await tenant.get(`drift/${ids.environmentId}?detectedAfter=soon`);
    expect(pointersOf(bad)).toEqual([400, ['?detectedAfter']]);
  });
});

describe('secret bindings by status', () => {
  const bind = async ({ key, ids }: World, names: string[], serviceId = ids.serviceId) => {
    const secrets = names.map((name) => ({ name, secret: SECRET }));
    const { body } = await tenantOf(key).post('secret-bindings', {
      ...{ environmentId: ids.environmentId, serviceId, secrets },
    });
    return String(body.secretBindingId);
  };

  it('has a binding as in force until the last of its variables is bound anew', async () => {
    const world = await newWorld();
    const tenant = tenantOf(world.key);
    const of = async (status: string) =>
      (await tenant.items(`secret-bindings?status=${status}`)).map(({ secretBindingId }) => secretBindingId);
    const both = await bind(world, ['API_KEY', 'OTHER_KEY']);
    expect(await of('InForce')).toEqual([both]);
    expect(await of('Replaced')).toEqual([world.ids.secretBindingId]);
    const one = await bind(world, ['API_KEY']);
    expect(await of('InForce')).toEqual([one, both]);
    // The same variable of another service is another one.
    const elsewhere = await bind(world, ['OTHER_KEY'], WORKER);
    expect(await of('InForce')).toEqual([elsewhere, one, both]);
    const other = await bind(world, ['OTHER_KEY']);
    expect(await of('InForce')).toEqual([other, elsewhere, one]);
    expect(await of('Replaced')).toEqual([both, world.ids.secretBindingId]);
    expect((await tenant.get(`secret-bindings/${both}`)).body.status).toBe('Replaced');
    expect(pointersOf(await tenant.get('secret-bindings?status=Bound'))).toEqual([400, ['?status']]);
  });
});
