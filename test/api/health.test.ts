import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { examples } from '../../api/openapi/examples.ts';
import { recordHealth } from '../../db/health.ts';
import type { CheckResult, HealthStatus } from '../../domain/health.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type CallOptions } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';

const API = 'module-reservations-api';
let stand: ApiStand;
/** A tenant of its own for each test, so that a service of one is not ambiguous for another. */
let tenant: string;
let tenants = 0;

beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(() => stand?.[Symbol.asyncDispose]());
beforeEach(() => {
  tenant = `health-${(tenants += 1)}`;
});

async function deployed(): Promise<EnvironmentKey> {
  const key = await readyEnvironment(stand, { tenantId: tenant, stage: 'dev' });
  const body = deployBody(key.environmentId, { tenantId: tenant });
  const reply = await stand.call('POST', '/v1/runtime/deployments', { body, token: { tenant } });
  await completeDeployment(stand.db, key, reply.body.deploymentId as DeploymentId);
  return key;
}

const get = (query = '', options: CallOptions = {}) =>
  stand.call('GET', `/v1/runtime/services/${API}/health${query}`, { token: { tenant }, ...options });
const history = (query = '') => get(`/history${query}`);
const at = (second: number) => `2026-06-11T18:00:${String(second).padStart(2, '0')}.000Z`;
const CHECKS: CheckResult[] = [
  { name: 'self', status: 'Healthy' },
  { name: 'sql', status: 'Healthy', durationMs: 12 },
  { name: 'service-bus', status: 'Healthy', durationMs: 8 },
];
const record = (key: EnvironmentKey, second: number, status: HealthStatus = 'Healthy', checks = CHECKS) =>
  stand.db.forTenant(key.tenantId, (tx) =>
    recordHealth(tx, key, API, { status, checks, evaluatedAt: new Date(at(second)) }),
  );

describe('GET /v1/runtime/services/{serviceId}/health', () => {
  it("is the contract's example, field by field, for what its prober saw", async () => {
    const key = await deployed();
    await record(key, 0);
    const { status, body } = await get();
    const example = examples['GET /runtime/services/{serviceId}/health']?.answer?.body as Record<string, unknown>;
    expect({ status, body }).toEqual({
      status: 200,
      body: { ...example, environmentId: key.environmentId, evaluatedAt: '2026-06-11T18:00:00.000Z' },
    });
    expect(Date.parse(String(body.evaluatedAt))).toBe(Date.parse(String(example.evaluatedAt)));
    const alias = await stand.call('GET', `/runtime/services/${API}/health`, { token: { tenant } });
    expect(alias.body).toEqual(body);
  });

  it('is the newest of what was seen', async () => {
    const key = await deployed();
    await record(key, 0);
    await record(key, 2, 'Unhealthy', [{ name: 'self', status: 'Unhealthy' }]);
    await record(key, 1);
    expect((await get()).body).toMatchObject({ status: 'Unhealthy', evaluatedAt: at(2) });
  });

  it('is Unknown, as of no time, for a service that was not probed yet', async () => {
    const { environmentId } = await deployed();
    const { status, body } = await get();
    expect({ status, body }).toEqual({
      status: 200,
      body: { serviceId: API, environmentId, status: 'Unknown', checks: [], evaluatedAt: null },
    });
  });

  it('asks which environment is meant when several run the service', async () => {
    const one = await deployed();
    const two = await deployed();
    await record(one, 1, 'Degraded');
    const { status, body } = await get();
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'ServiceAmbiguous' });
    expect([...(body.environmentIds as string[])].sort()).toEqual([one.environmentId, two.environmentId].sort());
    expect((await get(`?environmentId=${one.environmentId}`)).body.status).toBe('Degraded');
    expect((await get(`?environmentId=${two.environmentId}`)).body.status).toBe('Unknown');
  });

  it("answers 404 for what no environment runs, and for another tenant's", async () => {
    const key = await deployed();
    await record(key, 1);
    const replies = [
      await get(`?environmentId=env-00000000`),
      await get('', { token: { tenant: 'stranger' } }),
      await get(`?environmentId=${key.environmentId}`, { token: { tenant: 'stranger' } }),
    ];
    const texts = replies.map(({ status, body }) => ({ status, body: { ...body, traceId: '' } }));
    expect(texts[0]).toMatchObject({ status: 404, body: { code: 'ServiceNotFound' } });
    expect(texts.slice(1)).toEqual([texts[0], texts[0]]);
  });

  it('is opened by its own scope alone', async () => {
    await deployed();
    const without = await get('', { token: { tenant, scopes: ['runtime.environments.read'] } });
    expect(without.body).toMatchObject({ code: 'ScopeMissing', requiredScope: 'runtime.health.read' });
    expect((await get('', { token: { tenant, scopes: ['runtime.health.read'] } })).status).toBe(200);
  });
});

describe('GET /v1/runtime/services/{serviceId}/health/history', () => {
  const secondsOf = (body: Record<string, unknown>) =>
    (body.items as { evaluatedAt: string }[]).map(({ evaluatedAt }) => new Date(evaluatedAt).getUTCSeconds());

  it('is what was seen, the newest first, in pages that meet', async () => {
    const key = await deployed();
    expect((await history()).body).toEqual({ items: [], nextCursor: null });
    for (const second of [1, 2, 3, 4, 5]) await record(key, second);
    const whole = await history();
    expect(secondsOf(whole.body)).toEqual([5, 4, 3, 2, 1]);
    expect((whole.body.items as unknown[])[0]).toEqual({ status: 'Healthy', checks: CHECKS, evaluatedAt: at(5) });
    const first = await history('?limit=2');
    await record(key, 6);
    const second = await history(`?limit=2&cursor=${String(first.body.nextCursor)}`);
    const third = await history(`?limit=2&cursor=${String(second.body.nextCursor)}`);
    expect([first, second, third].flatMap(({ body }) => secondsOf(body))).toEqual([5, 4, 3, 2, 1]);
    expect(third.body.nextCursor).toBeNull();
  });

  it('is narrowed by status and time', async () => {
    const key = await deployed();
    for (const second of [1, 2, 3, 4]) await record(key, second, second % 2 === 0 ? 'Unhealthy' : 'Healthy');
    expect(secondsOf((await history('?status=Unhealthy')).body)).toEqual([4, 2]);
    expect(secondsOf((await history(`?createdAfter=${at(2)}&createdBefore=${at(4)}`)).body)).toEqual([3, 2]);
  });

  it.each([
    ['a cursor that was made up', `cursor=${Buffer.from('["health","yesterday"]').toString('base64url')}`],
    ['a cursor of no time', `cursor=${Buffer.from('["health","2026-13-41"]').toString('base64url')}`],
    ['a cursor of another list', `cursor=${Buffer.from('["services","env-1","api"]').toString('base64url')}`],
    ['an unknown status', 'status=Fine'],
    ['a time that is none', 'createdAfter=yesterday'],
  ])('refuses %s', async (_what, query) => {
    await deployed();
    const { status, body } = await history(`?${query}`);
    expect({ status, code: body.code, at: body.errors?.map(({ pointer }) => pointer) }).toEqual({
      status: 400,
      code: 'ValidationFailed',
      at: [`?${query.split('=')[0]}`],
    });
  });
});
