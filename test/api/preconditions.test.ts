/** What `If-Match` promises, for every endpoint that changes something; the tags themselves are in change-environment.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../api/endpoints.ts';
import { internalEndpoints } from '../../api/internal-endpoints.ts';
import type { Endpoint } from '../../api/endpoint.ts';
import type { Governance } from '../../providers/governance/port.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { readyEnvironment } from '../_support/api-states.ts';
import { nameOf, sampleCall, type ReadyCall } from '../_support/sample-calls.ts';
import { openWorld, SCALING, type World } from '../_support/sample-world.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

/** Whose `GET` an endpoint's `If-Match` is about; an endpoint that is not here refuses the header. */
const SUBJECTS: Record<string, (world: World, call: ReadyCall) => string | Promise<string>> = {
  'PATCH /runtime/environments/{environmentId}': ({ ids }) => `environments/${ids.environmentId}`,
  'POST /runtime/environments/{environmentId}/decommission': ({ ids }) => `environments/${ids.environmentId}`,
  'POST /runtime/scaling-policies': ({ ids }) => `scaling-policies/${ids.policyId}`,
  'POST /runtime/services/{serviceId}/restart': ({ ids }) =>
    `services/${ids.serviceId}?environmentId=${ids.environmentId}`,
  'POST /runtime/approvals/{approvalId}/approve': ({ ids }) => `approvals/${ids.approvalId}`,
  'POST /runtime/approvals/{approvalId}/reject': ({ ids }) => `approvals/${ids.approvalId}`,
  'POST /runtime/internal/tenant-bindings': bindingOf,
  'POST /runtime/internal/tenant-bindings/{tenantBindingId}/revoke': bindingOf,
};

async function bindingOf({ ids }: World): Promise<string> {
  const rows = await tables.query<{ id: string }>('select id from tenant_bindings where environment_id = $1', [
    ids.environmentId,
  ]);
  return `internal/tenant-bindings/${rows[0]?.id}`;
}

const mutations: (readonly [name: string, internal: boolean, endpoint: Endpoint])[] = [
  ...endpoints.map((endpoint) => [nameOf(endpoint), false, endpoint] as const),
  ...internalEndpoints.map((endpoint) => [nameOf(endpoint), true, endpoint] as const),
].filter(([, , { method }]) => method !== 'GET');

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

const read = (path: string, internal: boolean, headers: Record<string, string> = {}) =>
  stand.call('GET', `/v1/runtime/${path}`, { internal, headers });

describe.each(mutations)('%s', (name, internal, endpoint) => {
  const send = ({ method, path, body, headers }: ReadyCall, ifMatch: string) =>
    stand.call(method, path, { body, internal, headers: { ...headers, 'if-match': ifMatch } });
  const subject = SUBJECTS[name];

  it(`refuses an If-Match ${subject ? 'of another state' : 'that it does not take'}, and changes nothing`, async () => {
    const call = await sampleCall(endpoint, await openWorld(stand));
    const before = await tables.digest();
    const expected = subject ? [412, 'PreconditionFailed'] : [400, 'PreconditionNotSupported'];
    for (const tag of ['"stale"', 'W/"stale"', 'nonsense', '']) {
      const { status, body } = await send(call, tag);
      expect([tag, status, body.code]).toEqual([tag, ...expected]);
    }
    expect(await tables.digest()).toBe(before);
  });

  if (!subject) return;

  it('takes the tag of what it changes, among others', async () => {
    const world = await openWorld(stand);
    const call = await sampleCall(endpoint, world);
    const { headers } = await read(await subject(world, call), internal);
    const tag = headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[^"]+"$/);
    expect(call.answers).toContain((await send(call, `"other", ${tag}`)).status);
  });
});

describe('of ten calls with one tag', () => {
  const CALLS = 10;
  const statusesOf = async (send: (at: number) => Promise<{ status: number }>) =>
    (await Promise.all(Array.from({ length: CALLS }, (_, at) => send(at)))).map(({ status }) => status).sort();
  const losers = Array<number>(CALLS - 1).fill(412);

  it('one replaces the scaling policy of a service that does not run yet', async () => {
    const { environmentId } = await readyEnvironment(stand);
    const apply = (maxReplicas: number, headers: Record<string, string> = {}) =>
      stand.call('POST', '/v1/runtime/scaling-policies', {
        body: { environmentId, serviceId: 'module-new', ...SCALING, maxReplicas },
        headers,
      });
    expect((await apply(3, { 'if-match': '*' })).status).toBe(412);
    const { body } = await apply(3);
    const tag = (await read(`scaling-policies/${String(body.policyId)}`, false)).headers.get('etag') ?? '';
    expect(await statusesOf((at) => apply(10 + at, { 'if-match': tag }))).toEqual([200, ...losers]);
    expect((await apply(9, { 'if-match': '*' })).status).toBe(200);
  });

  it('one changes the quota of a binding, and of ten revocations one is made', async () => {
    const world = await openWorld(stand);
    const path = await bindingOf(world);
    const tag = async () => (await read(path, true)).headers.get('etag') ?? '';
    const first = { 'if-match': await tag() };
    const bind = (services: number) =>
      stand.call('POST', '/v1/runtime/internal/tenant-bindings', {
        ...{ internal: true, headers: first },
        body: { environmentId: world.ids.environmentId, quota: { services } },
      });
    expect(await statusesOf((at) => bind(10 + at))).toEqual([200, ...losers]);
    const second = { 'if-match': await tag() };
    const revoke = () => stand.call('POST', `/v1/runtime/${path}/revoke`, { internal: true, headers: second });
    expect(await statusesOf(revoke)).toEqual([200, ...losers]);
  });

  it('one decides an approval', async () => {
    const { ids } = await openWorld(stand);
    const path = `approvals/${ids.approvalId}`;
    const headers = { 'if-match': (await read(path, false)).headers.get('etag') ?? '' };
    const decide = (at: number) =>
      stand.call('POST', `/v1/runtime/${path}/${at % 2 === 0 ? 'approve' : 'reject'}`, { headers });
    const statuses = await statusesOf(decide);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    // Who came between the look and the decision reads that it is decided.
    expect(statuses.every((status) => [200, 409, 412].includes(status))).toBe(true);
  });
});

it('a change of another state is refused before governance is asked about it', async () => {
  let questions = 0;
  const decide: Governance['decide'] = ({ planHash }) => {
    questions += 1;
    return Promise.resolve({ decision: 'requireApproval', reasons: ['four-eyes'], obligations: [], planHash });
  };
  const world = await openWorld(stand);
  const api = await stand.start({ governance: { decide } });
  const headers = { 'if-match': '"stale"' };
  const body = { environmentId: world.ids.environmentId, serviceId: world.ids.serviceId, ...SCALING };
  const reply = await stand.call('POST', '/v1/runtime/scaling-policies', { api, body, headers });
  expect([reply.status, questions]).toEqual([412, 0]);
});

it('an If-Match of a question is refused, too', async () => {
  const { status, body } = await read('environments', false, { 'if-match': '*' });
  expect([status, body.code, body.errors]).toEqual([
    400,
    'PreconditionNotSupported',
    [{ pointer: 'If-Match', message: 'is not taken here' }],
  ]);
});

it('a key that was used is answered as it was, whatever has become of the tag', async () => {
  const { ids } = await openWorld(stand);
  const path = `environments/${ids.environmentId}`;
  const headers = { 'if-match': (await read(path, false)).headers.get('etag') ?? '', 'idempotency-key': `tag-${path}` };
  const change = () =>
    stand.call('PATCH', `/v1/runtime/${path}`, { headers, body: { expiresAt: '2100-01-01T00:00:00Z' } });
  const [first, again] = [await change(), await change()];
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(again.body).toEqual(first.body);
});
