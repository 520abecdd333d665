import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type Reply } from '../_support/api.ts';
import { deployBody, freshName, PROVISION, readyEnvironment } from '../_support/api-states.ts';
import { openWorld, type World } from '../_support/sample-world.ts';

/** Its own, so that a list holds what this file made and nothing else. */
const TENANT = 'lists-tenant';
const token = { tenant: TENANT };

let stand: ApiStand;
let world: World;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  world = await openWorld(stand, { tenantId: TENANT });
  key = world.key;
});
afterAll(() => stand?.[Symbol.asyncDispose]());

type Item = Record<string, unknown>;
const itemsOf = ({ body }: Reply) => body.items as Item[];
const list = (path: string, options: object = {}) => stand.call('GET', `/v1/runtime/${path}`, { token, ...options });

async function everyPage(path: string, between: () => Promise<unknown> = () => Promise.resolve()): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: unknown = null; ;) {
    const reply = await list(`${path}${cursor === null ? '' : `&cursor=${String(cursor)}`}`);
    expect(reply.status).toBe(200);
    items.push(...itemsOf(reply));
    cursor = reply.body.nextCursor;
    if (cursor === null) return items;
    await between();
  }
}

describe('a list', () => {
  const LISTS: [path: string, id: string, count: number][] = [
    ['environments', 'environmentId', 1],
    ['deployments', 'deploymentId', 2],
    ['operations', 'operationId', 3],
    ['services', 'serviceId', 2],
    ['configurations', 'configurationId', 1],
    ['scaling-policies', 'policyId', 1],
    ['secret-bindings', 'secretBindingId', 1],
    ['audit', 'requestId', 6],
  ];

  it.each(LISTS)('of %s holds each thing once, page after page, the newest first', async (path, id, count) => {
    const whole = itemsOf(await list(path)).map((item) => String(item[id]));
    expect(whole.length).toBeGreaterThanOrEqual(count);
    expect(whole).toEqual([...whole].sort().reverse());
    const paged = (await everyPage(`${path}?limit=1`)).map((item) => String(item[id]));
    expect(paged).toEqual(whole);
  });

  it.each(LISTS)("of %s never shows another tenant's", async (path) => {
    expect(itemsOf(await list(path, { token: { tenant: 'lists-stranger' } }))).toEqual([]);
  });

  it.each(LISTS.filter(([path]) => path !== 'environments'))(
    'of %s is narrowed to an environment',
    async (path, id) => {
      const here = itemsOf(await list(`${path}?environmentId=${key.environmentId}`));
      expect(here.length).toBeGreaterThan(0);
      expect(here.every((item) => typeof item[id] === 'string' && item.environmentId === key.environmentId)).toBe(true);
      expect(itemsOf(await list(`${path}?environmentId=env-00000000`))).toEqual([]);
    },
  );

  it('shows nothing twice and misses nothing while rows come in', async () => {
    const before = itemsOf(await list('audit')).map(({ requestId }) => requestId);
    const publish = () =>
      stand.call('POST', '/v1/runtime/configurations', { token, body: { environmentId: key.environmentId } });
    const seen = (await everyPage('audit?limit=2', publish)).map(({ requestId }) => requestId);
    expect(seen).toEqual(before);
  });

  it('shows nothing of an environment whose binding was revoked, but what was done to it', async () => {
    const tenant = { tenant: 'lists-revoked' };
    const revoked = (await openWorld(stand, { tenantId: tenant.tenant })).key;
    const owner = new Client({ connectionString: stand.config.databaseUrl });
    await owner.connect();
    await owner.query('alter table tenant_bindings no force row level security');
    await owner.query('update tenant_bindings set revoked_at = now() where environment_id = $1', [
      revoked.environmentId,
    ]);
    await owner.query('alter table tenant_bindings force row level security');
    await owner.end();
    for (const [path] of LISTS) {
      const items = itemsOf(await list(path, { token: tenant }));
      expect({ path, some: items.length > 0 }).toEqual({ path, some: path === 'audit' });
    }
  });

  it.each([
    ['limit=0', '?limit'],
    ['limit=201', '?limit'],
    ['limit=ten', '?limit'],
    ['cursor=', '?cursor'],
    ['cursor=abc', '?cursor'],
    [`cursor=${Buffer.from('["deployments","dep-1"]').toString('base64url')}`, '?cursor'],
    ['createdAfter=yesterday', '?createdAfter'],
    // Before the year 1, and after 9999, as soon as they are told in UTC.
    ['createdAfter=0001-01-01T00:59:00%2B01:00', '?createdAfter'],
    ['createdBefore=9999-12-31T23:59:00-01:00', '?createdBefore'],
    ['status=Broken', '?status'],
    ['page=2', '?page'],
  ])('refuses %s with its pointer', async (query, pointer) => {
    const { status, body } = await list(`environments?${query}`);
    expect(status).toBe(400);
    expect(body.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });
});

describe('GET /v1/runtime/environments', () => {
  it('filters by name, project, stage, status and when it was made', async () => {
    const tenant = { tenant: 'lists-filters' };
    const dev = await readyEnvironment(stand, { tenantId: tenant.tenant, stage: 'dev', projectId: 'proj-a' });
    const body = { ...PROVISION, tenantId: undefined, name: freshName(), projectId: 'proj-b' };
    const { body: prod } = await stand.call('POST', '/v1/runtime/environments', { token: tenant, body });
    const found = async (query: string) =>
      itemsOf(await list(`environments?${query}`, { token: tenant })).map(({ environmentId }) => environmentId);
    expect(await found('stage=dev')).toEqual([dev.environmentId]);
    expect(await found('projectId=proj-b')).toEqual([prod.environmentId]);
    expect(await found(`name=${body.name}`)).toEqual([prod.environmentId]);
    expect(await found('status=Ready')).toEqual([dev.environmentId]);
    expect(await found('status=Ready&stage=prod')).toEqual([]);
    const [newest] = itemsOf(await list('environments', { token: tenant }));
    const since = encodeURIComponent(String(newest?.createdAt));
    expect(await found(`createdAfter=${since}`)).toEqual([prod.environmentId]);
    expect(await found(`createdBefore=${since}`)).toEqual([dev.environmentId]);
  });
});

describe('GET /v1/runtime/deployments', () => {
  it('filters by service and status, and shows a deployment as GET does, without its components', async () => {
    const found = async (query: string) => itemsOf(await list(`deployments?${query}`));
    expect(await found('serviceId=module-billing-worker&status=Completed')).toHaveLength(2);
    expect(await found('serviceId=module-nobody')).toEqual([]);
    expect(await found('status=RolledBack')).toEqual([]);
    const [first] = await found('status=Completed');
    const whole = await list(`deployments/${String(first?.deploymentId)}`);
    const { components: _c, history: _h, ...rest } = whole.body;
    expect(first).toEqual(rest);
  });
});

describe('GET /v1/runtime/operations', () => {
  it('shows the kinds that the caller may read, and refuses a kind that it may not', async () => {
    const only = { token: { tenant: TENANT, scopes: ['runtime.environments.read'] } };
    const kinds = async (path: string, options = {}) => itemsOf(await list(path, options)).map(({ kind }) => kind);
    expect(new Set(await kinds('operations'))).toEqual(new Set(['provision', 'deploy']));
    expect(new Set(await kinds('operations', only))).toEqual(new Set(['provision']));
    expect(new Set(await kinds('operations?kind=deploy'))).toEqual(new Set(['deploy']));
    expect((await list('operations?kind=deploy', only)).status).toBe(403);
  });

  it('shows an operation as its GET does', async () => {
    for (const item of itemsOf(await list('operations'))) {
      expect((await list(`operations/${String(item.operationId)}`)).body).toEqual(item);
    }
  });
});

describe('GET /v1/runtime/services/{serviceId}', () => {
  const path = 'services/module-reservations-api';

  it('answers what is live of it, as the list and the inventory say', async () => {
    const { body } = await list(path);
    expect(itemsOf(await list('services?serviceId=module-reservations-api'))).toEqual([body]);
    const { environmentId, ...service } = body;
    const environment = await list(`environments/${String(environmentId)}`);
    expect((environment.body.inventory as { services: unknown[] }).services).toContainEqual(service);
  });

  it('asks for the environment where several run it, and answers with it', async () => {
    const tenant = { tenant: 'lists-two' };
    const worlds = [
      await openWorld(stand, { tenantId: tenant.tenant }),
      await openWorld(stand, { tenantId: tenant.tenant }),
    ];
    const ambiguous = await list(path, { token: tenant });
    expect(ambiguous.status).toBe(409);
    expect(ambiguous.body.code).toBe('ServiceAmbiguous');
    expect(ambiguous.body.environmentIds).toEqual(worlds.map((one) => one.key.environmentId).sort());
    for (const one of worlds) {
      const { body } = await list(`${path}?environmentId=${one.key.environmentId}`, { token: tenant });
      expect(body.environmentId).toBe(one.key.environmentId);
    }
  });

  it("answers 404 for another tenant's, as for one that is not there", async () => {
    const foreign = await list(path, { token: { tenant: 'lists-stranger' } });
    const missing = await list('services/module-nobody');
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...missing.body, traceId: '' });
  });
});

describe('GET /v1/runtime/configurations/{configurationId}/diff', () => {
  const publish = async (content: object, of = key) =>
    String(
      (
        await stand.call('POST', '/v1/runtime/configurations', {
          token,
          body: { environmentId: of.environmentId, ...content },
        })
      ).body.configurationId,
    );

  it('says what was added, removed and changed from the one to the other', async () => {
    const one = await publish({ values: { A: '1', B: '2', C: '3' }, files: { 'app.json': '{}' } });
    const other = await publish({ values: { B: '2', C: '4', D: '5' }, files: {} });
    const { status, body } = await list(`configurations/${one}/diff?with=${other}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      from: expect.objectContaining({ configurationId: one }),
      to: expect.objectContaining({ configurationId: other }),
      values: { added: { D: '5' }, removed: { A: '1' }, changed: { C: { from: '3', to: '4' } } },
      files: { added: {}, removed: { 'app.json': '{}' }, changed: {} },
    });
    const same = await list(`configurations/${one}/diff?with=${one}`);
    expect(same.body.values).toEqual({ added: {}, removed: {}, changed: {} });
  });

  it('answers 404 when one of the two is not there, or is of another environment', async () => {
    const one = await publish({});
    const elsewhere = await publish({}, await readyEnvironment(stand, { tenantId: TENANT }));
    expect((await list(`configurations/${one}/diff?with=cfg-00000000`)).status).toBe(404);
    expect((await list(`configurations/cfg-00000000/diff?with=${one}`)).status).toBe(404);
    expect((await list(`configurations/${one}/diff?with=${elsewhere}`)).status).toBe(404);
    expect((await list(`configurations/${one}/diff`)).status).toBe(400);
  });
});

describe('GET /v1/runtime/audit', () => {
  it.each(['method', 'route', 'clientId', 'subject'])('refuses a control character in %s', async (name) => {
    for (const text of ['%00', 'a%00b', '%0A', '']) {
      const { status, body } = await list(`audit?${name}=${text}`);
      expect([status, body.errors?.map(({ pointer }) => pointer)]).toEqual([400, [`?${name}`]]);
    }
  });

  it('shows who did what, what was denied and why, and nothing of the input but its hash', async () => {
    const canary = 'canary-in-a-configuration';
    const { body: published } = await stand.call('POST', '/v1/runtime/configurations', {
      token: { ...token, subject: 'auditor' },
      headers: { 'idempotency-key': 'audit-1' },
      body: { environmentId: key.environmentId, values: { TOKEN: canary } },
    });
    const denied = await stand.call('POST', '/v1/runtime/deployments', {
      token: { ...token, subject: 'auditor', scopes: ['runtime.environments.read'] },
      body: deployBody(key.environmentId, { tenantId: TENANT }),
    });
    expect(denied.status).toBe(403);
    const reply = await list('audit?subject=auditor');
    expect(itemsOf(reply)).toEqual([
      expect.objectContaining({
        ...{ method: 'POST', route: '/runtime/deployments', decision: 'denied', code: 'ScopeMissing', status: 403 },
        environmentId: key.environmentId,
        traceId: denied.body.traceId,
      }),
      expect.objectContaining({
        ...{ method: 'POST', route: '/runtime/configurations', decision: 'allowed', code: null, status: 201 },
        ...{ idempotencyKey: 'audit-1', traceId: published.traceId },
        inputHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      }),
    ]);
    expect(JSON.stringify(reply.body)).not.toContain(canary);
    expect(itemsOf(await list('audit?subject=auditor&decision=denied'))).toHaveLength(1);
    expect(itemsOf(await list(`audit?traceId=${String(published.traceId)}`))).toHaveLength(1);
  });
});
