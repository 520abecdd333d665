import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { internalEndpoints } from '../../api/internal-endpoints.ts';
import { latestOperation } from '../../db/operations.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { SCOPES } from '../../domain/scopes.ts';
import { openApiStand, type ApiStand, type CallOptions, type Reply } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

let stand: ApiStand;
let tables: TenantTables;
beforeAll(async () => {
  stand = await openApiStand();
  tables = await openTenantTables(stand.config.databaseUrl);
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

const BINDINGS = '/v1/runtime/internal/tenant-bindings';
const internal = (method: string, path: string, options: CallOptions = {}) =>
  stand.call(method, path, { ...options, internal: true });
const codeOf = ({ status, body }: Reply) => `${status} ${body.code}`;

async function bindingOf(key: EnvironmentKey): Promise<Record<string, unknown>> {
  const { body } = await internal('GET', `${BINDINGS}?environmentId=${key.environmentId}`);
  return (body.items as Record<string, unknown>[])[0] ?? {};
}

async function revoke(key: EnvironmentKey, options: CallOptions = {}): Promise<Reply> {
  const { tenantBindingId } = await bindingOf(key);
  return await internal('POST', `${BINDINGS}/${String(tenantBindingId)}/revoke`, options);
}

const eventsOf = async ({ environmentId }: EnvironmentKey, type: string) =>
  await tables.query<{ data: Record<string, unknown> }>(
    'select data from events where environment_id = $1 and type = $2 order by revision',
    [environmentId, type],
  );

describe('the internal APIs', () => {
  it.each(internalEndpoints.map(({ method, route }) => [method, `/v1${route.replaceAll(/\{\w+\}/g, 'a-1')}`]))(
    'answer %s %s only to a token of their audience, whatever its scopes',
    async (method, path) => {
      const body = method === 'GET' ? undefined : {};
      const before = await tables.digest();
      const refused: CallOptions[] = [
        { token: null },
        { token: { audience: stand.config.oidc.audience, scopes: SCOPES } },
        { token: { ttlSeconds: -60 } },
      ];
      const replies = await Promise.all(refused.map((options) => internal(method, path, { ...options, body })));
      expect(replies.map(codeOf)).toEqual(['401 TokenMissing', '401 TokenInvalid', '401 TokenExpired']);
      expect((await internal(method, path, { body, token: { tenant: '' } })).status).not.toBe(200);
      expect(await tables.digest()).toBe(before);
    },
  );

  it('are not on the public port, and the public ones not on theirs', async () => {
    for (const path of [BINDINGS, BINDINGS.replace('/v1', '')]) {
      expect(codeOf(await stand.call('GET', path))).toBe('404 RouteNotFound');
    }
    for (const path of ['/v1/runtime/environments', '/runtime/deployments', '/v1/runtime/audit']) {
      expect(codeOf(await internal('GET', path))).toBe('404 RouteNotFound');
    }
  });

  it('lend no token to the public ones', async () => {
    const token = { audience: stand.config.oidc.internalAudience, scopes: SCOPES };
    expect(codeOf(await stand.call('GET', '/v1/runtime/environments', { token }))).toBe('401 TokenInvalid');
  });

  it('have a document, a page, probes and an alias without version of their own', async () => {
    const { body } = await internal('GET', '/openapi.json', { token: null });
    expect(Object.keys(body.paths as object)).toContain(BINDINGS);
    expect(Object.keys(body.paths as object)).not.toContain('/v1/runtime/environments');
    expect((await internal('GET', '/docs', { token: null })).status).toBe(200);
    expect((await internal('GET', '/readyz', { token: null })).status).toBe(200);
    expect((await internal('GET', BINDINGS.replace('/v1', ''))).status).toBe(200);
  });

  it('refuse what the public ones refuse: other methods, media types, sizes, and unknown fields', async () => {
    const post = (body: unknown, headers = {}) => internal('POST', BINDINGS, { body, headers });
    const replies = [
      await internal('DELETE', BINDINGS),
      await post('x', { 'content-type': 'text/plain' }),
      await post(`{"environmentId":"${'x'.repeat(1_100_000)}"}`),
      await post({ environmentId: 'env-1', isolationModel: 'silo' }),
      await post({ environmentId: 'env-1', quota: { services: -1 } }),
      await post({ environmentId: 'env-1', quota: { environments: 1 } }),
      await post({ environmentId: 'env-1', tenantId: 'fabrikam' }),
      await internal('GET', BINDINGS, { token: { tenant: 'No Tenant' } }),
    ];
    expect(replies.map(codeOf)).toEqual([
      ...['405 MethodNotAllowed', '415 UnsupportedMediaType', '413 BodyTooLarge'],
      ...Array<string>(3).fill('400 ValidationFailed'),
      ...['403 TenantMismatch', '403 TenantClaimInvalid'],
    ]);
  });
});

describe('a tenant binding', () => {
  it('is made with its environment, and is listed, filtered and read', async () => {
    const key = await readyEnvironment(stand);
    const binding = await bindingOf(key);
    expect(binding).toMatchObject({
      ...{ ...key, isolationModel: 'silo', status: 'Bound', quotaOverride: null, revokedAt: null },
      quota: { services: 100, replicas: 500, operations: 10_000 },
    });
    const id = String(binding.tenantBindingId);
    expect((await internal('GET', `${BINDINGS}/${id}`)).body).toEqual(binding);
    const revoked = await internal('GET', `${BINDINGS}?status=Revoked&environmentId=${key.environmentId}`);
    expect(revoked.body.items).toEqual([]);
  });

  it("of another tenant answers as a missing one, and is in nobody else's list", async () => {
    const key = await readyEnvironment(stand);
    const { tenantBindingId } = await bindingOf(key);
    const foreign = { token: { tenant: 'fabrikam' } };
    const replies = [
      await internal('GET', `${BINDINGS}/${String(tenantBindingId)}`, foreign),
      await internal('GET', `${BINDINGS}/tb-00000000`, foreign),
      await internal('POST', `${BINDINGS}/${String(tenantBindingId)}/revoke`, foreign),
      await internal('POST', BINDINGS, { ...foreign, body: { environmentId: key.environmentId } }),
    ];
    expect(replies.map(codeOf)).toEqual([
      ...Array<string>(3).fill('404 TenantBindingNotFound'),
      '404 EnvironmentNotFound',
    ]);
    expect((await internal('GET', BINDINGS, foreign)).body.items).toEqual([]);
    expect(await bindingOf(key)).toMatchObject({ status: 'Bound' });
  });

  it('is revoked once: own calls are 403 from then on, by every way, and the denial is on record', async () => {
    const key = await readyEnvironment(stand);
    const denials = async () =>
      (await tables.query("select id from requests where decision = 'denied' and code = 'BindingRevoked'")).length;
    const before = await denials();
    const first = await revoke(key);
    const revision = await eventsOf(key, 'binding.revoked');
    const second = await revoke(key);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.body).toMatchObject({ status: 'Revoked', revokedAt: expect.any(String) });
    expect(second.body).toEqual(first.body);
    expect(await eventsOf(key, 'binding.revoked')).toEqual(revision);
    const replies = [
      await stand.call('GET', `/v1/runtime/environments/${key.environmentId}`),
      await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) }),
      await stand.call('POST', '/v1/runtime/configurations', { body: { environmentId: key.environmentId } }),
    ];
    expect(replies.map(codeOf)).toEqual(Array(3).fill('403 BindingRevoked'));
    expect((await denials()) - before).toBe(2);
  });

  it('lets what was accepted before go on to its end, and says so', async () => {
    const key = await readyEnvironment(stand);
    const { body, headers } = await stand.call('POST', '/v1/runtime/deployments', {
      body: deployBody(key.environmentId),
    });
    await revoke(key);
    const operation = await stand.db.forTenant(key.tenantId, (tx) => latestOperation(tx, key, 'deploy'));
    expect((await eventsOf(key, 'binding.revoked'))[0]?.data).toMatchObject({ goesOn: [operation?.id] });
    await completeDeployment(stand.db, key, body.deploymentId as DeploymentId);
    expect(await eventsOf(key, 'deploy.ended')).toMatchObject([{ data: { phase: 'Completed' } }]);
    expect(codeOf(await stand.call('GET', headers.get('location') ?? ''))).toBe('403 BindingRevoked');
    await internal('POST', BINDINGS, { body: { environmentId: key.environmentId } });
    expect((await stand.call('GET', headers.get('location') ?? '')).body.status).toBe('Completed');
  });

  it('that was revoked is established again under its own id, and so often as it is asked for changes nothing more', async () => {
    const key = await readyEnvironment(stand);
    const { tenantBindingId } = await bindingOf(key);
    await revoke(key);
    const body = { environmentId: key.environmentId };
    const again = await internal('POST', BINDINGS, { body });
    expect(again.status).toBe(200);
    expect(again.headers.get('location')).toBe(`${BINDINGS}/${String(tenantBindingId)}`);
    expect(again.body).toMatchObject({ tenantBindingId, status: 'Bound', revokedAt: null });
    const replies = await Promise.all(Array.from({ length: 10 }, () => internal('POST', BINDINGS, { body })));
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(await eventsOf(key, 'binding.established')).toHaveLength(1);
    expect((await stand.call('GET', `/v1/runtime/environments/${key.environmentId}`)).status).toBe(200);
  });

  it('where there is none is made, once, by however many ask at the same time', async () => {
    const key = await readyEnvironment(stand);
    await tables.query('delete from tenant_bindings where environment_id = $1', [key.environmentId]);
    const body = { environmentId: key.environmentId, quota: { services: 3 } };
    const replies = await Promise.all(Array.from({ length: 10 }, () => internal('POST', BINDINGS, { body })));
    expect(replies.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201]);
    expect(new Set(replies.map((reply) => reply.body.tenantBindingId)).size).toBe(1);
    expect(await bindingOf(key)).toMatchObject({ isolationModel: 'silo', quotaOverride: { services: 3 } });
  });

  it('keeps its quota until another is said, and gives it back for null', async () => {
    const key = await readyEnvironment(stand);
    const put = async (quota?: unknown) =>
      (await internal('POST', BINDINGS, { body: { environmentId: key.environmentId, quota } })).body;
    expect(await put({ services: 2 })).toMatchObject({ quota: { services: 2, replicas: 500 } });
    expect(await put()).toMatchObject({ quotaOverride: { services: 2 } });
    expect(await put({ replicas: 7 })).toMatchObject({ quota: { services: 100, replicas: 7 } });
    expect(await put(null)).toMatchObject({ quotaOverride: null, quota: { services: 100, replicas: 500 } });
    expect(await eventsOf(key, 'binding.established')).toHaveLength(3);
  });

  it('revoked while calls come in lets none be accepted after it', async () => {
    const key = await readyEnvironment(stand);
    const calls = Array.from({ length: 40 }, () =>
      stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) }),
    );
    const [revoked, ...replies] = await Promise.all([revoke(key), ...calls]);
    expect(revoked.status).toBe(200);
    const refused = replies.filter(({ status }) => status !== 202);
    expect(refused.map(codeOf)).toEqual(refused.map(() => '403 BindingRevoked'));
    // Revisions are in the order of commits: no acceptance has one after the revocation's.
    const order = await tables.query<{ type: string }>(
      "select type from events where environment_id = $1 and type in ('deploy.accepted', 'binding.revoked') order by revision",
      [key.environmentId],
    );
    expect(order.at(-1)?.type).toBe('binding.revoked');
    expect(order).toHaveLength(replies.length - refused.length + 1);
  });

  it('answers a repeated call by its key with the first answer', async () => {
    const key = await readyEnvironment(stand);
    const options = { body: { environmentId: key.environmentId }, headers: { 'idempotency-key': key.environmentId } };
    const first = await internal('POST', BINDINGS, options);
    const second = await internal('POST', BINDINGS, options);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('PUT environments/{environmentId}/services/{serviceId}', () => {
  const serviceId = 'module-reservations-api';
  let key: EnvironmentKey;
  let revision: string;
  beforeAll(async () => {
    key = await readyEnvironment(stand);
    revision = String((await deployed()).revision);
  });

  async function deployed(change: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const { body } = await stand.call('POST', '/v1/runtime/deployments', {
      body: deployBody(key.environmentId, change),
    });
    await completeDeployment(stand.db, key, body.deploymentId as DeploymentId);
    return await service();
  }

  const path = (of = serviceId) => `/v1/runtime/internal/environments/${key.environmentId}/services/${of}`;
  const environment = async () => (await stand.call('GET', `/v1/runtime/environments/${key.environmentId}`)).body;
  const service = async () => {
    const { services } = (await environment()).inventory as { services: Record<string, unknown>[] };
    return services.find((one) => one.serviceId === serviceId) ?? {};
  };
  const revisionOf = async () => ((await environment()).inventory as { revision: number }).revision;
  const at = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000).toISOString();
  const seen = (change: Record<string, unknown> = {}) => ({
    revision,
    observedAt: at(10),
    status: 'Running',
    ...change,
  });
  const put = (body: unknown, options: CallOptions = {}) => internal('PUT', path(), { body, ...options });

  it('adds what was seen beside what Slipway says, which stays as it is', async () => {
    const { observed: none, ...own } = await service();
    expect(none).toBeNull();
    const body = seen({ replicas: 1, endpoints: ['https://booking.example.org/api'] });
    const reply = await put(body);
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ environmentId: key.environmentId, ...own, observed: body });
    expect(await service()).toEqual({ ...own, observed: body });
  });

  it('raises the revision with an event when something else is seen, and only then', async () => {
    const body = seen({ status: 'Degraded', observedAt: at(5) });
    await put(body);
    const [revisionBefore, events] = [await revisionOf(), await eventsOf(key, 'service.observed')];
    expect(events.at(-1)?.data).toEqual({ serviceId, revision, status: 'Degraded' });
    expect((await put(body)).status).toBe(200);
    expect((await put({ ...body, observedAt: at(4) })).status).toBe(200);
    expect(await revisionOf()).toBe(revisionBefore);
    expect(await service()).toMatchObject({ observed: { status: 'Degraded' } });
    await put({ ...body, status: 'Missing', observedAt: at(3) });
    expect(await revisionOf()).toBe(revisionBefore + 1);
    expect(await eventsOf(key, 'service.observed')).toHaveLength(events.length + 1);
  });

  it('refuses a look that is older, at another revision, or at what the inventory does not have', async () => {
    await put(seen({ observedAt: at(2) }));
    const before = await service();
    const replies = [
      await put(seen({ observedAt: at(6) })),
      await put(seen({ revision: 'r000000000000', observedAt: at(1) })),
      await internal('PUT', path('module-unknown'), { body: seen() }),
      await internal('PUT', path().replace(key.environmentId, 'env-00000000'), { body: seen() }),
      await put(seen(), { token: { tenant: 'fabrikam' } }),
    ];
    expect(replies.map(codeOf)).toEqual([
      ...['409 ObservationOutdated', '409 ObservationOutdated', '404 ServiceNotFound'],
      ...['404 EnvironmentNotFound', '404 EnvironmentNotFound'],
    ]);
    expect(await service()).toEqual(before);
  });

  it.each<[string, object]>([
    ["Slipway's own image", { image: 'acr.azurecr.io/other:1.0.0' }],
    ["Slipway's own endpoint", { endpoint: 'http://127.0.0.1:1' }],
    ['a time in the future', { observedAt: new Date(Date.now() + 3_600_000).toISOString() }],
    ['no time', { observedAt: 'yesterday' }],
    ['another status', { status: 'Healthy' }],
    ['fewer than no replicas', { replicas: -1 }],
    ['an endpoint with a password', { endpoints: ['https://me:secret@example.org/'] }],
    ['an endpoint of another kind', { endpoints: ['javascript:alert(1)'] }],
    ['half a digest', { digest: 'sha256:abc' }],
  ])('takes no body with %s', async (_what, change) => {
    expect(codeOf(await put(seen({ observedAt: at(1), ...change })))).toBe('400 ValidationFailed');
  });

  it('is forgotten with the revision that was looked at', async () => {
    await put(seen({ observedAt: at(1) }));
    await deployed();
    expect(await service()).toMatchObject({ revision, observed: { revision } });
    const components = [{ moduleId: serviceId, image: 'acr.azurecr.io/reservations-api:1.5.0', target: 'aks' }];
    const after = await deployed({ components });
    expect(after.revision).not.toBe(revision);
    expect(after.observed).toBeNull();
  });

  it('is refused once the binding is revoked', async () => {
    await revoke(key);
    expect(codeOf(await put(seen({ observedAt: at(1) })))).toBe('403 BindingRevoked');
    expect(codeOf(await internal('POST', path(), { body: {} }))).toBe('405 MethodNotAllowed');
  });
});
