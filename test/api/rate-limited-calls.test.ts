import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRateLimits } from '../../api/limits.ts';
import { RuntimeInventory } from '../../proto/gen/slipway/runtime/v1/runtime_inventory_pb.js';
import { openApiStand, type ApiStand, type CallOptions, type RunningApi } from '../_support/api.ts';
import { freshName, PROVISION } from '../_support/api-states.ts';
import { openGrpcClient } from '../_support/grpc.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

const BURST = 5;
const LIMIT = { perSecond: 1, burst: BURST };

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

/** Time stands still unless the test moves it. */
let nowMs: number;
let api: RunningApi;
beforeEach(async () => {
  nowMs = 0;
  const limits = () => openRateLimits({ tenant: LIMIT, client: null }, () => nowMs);
  api = await stand.start({ limits: limits(), internalLimits: limits() });
});

const list = ({ path = '/v1/runtime/environments', ...options }: CallOptions & { path?: string } = {}) =>
  stand.call('GET', path, { api, ...options });
const useUp = async () => {
  for (let call = 0; call < BURST; call += 1) expect((await list()).status).toBe(200);
};

describe('a tenant that calls too often', () => {
  it('is answered 429 with the seconds to wait, over REST', async () => {
    await useUp();
    const { status, body, headers } = await list();
    expect(status).toBe(429);
    expect(body).toMatchObject({ code: 'RateLimited', title: 'Too Many Requests', limited: 'tenant' });
    expect(headers.get('retry-after')).toBe('1');
    expect(headers.get('cs-schema-version')).toBe('1.0');
    nowMs += 1_000;
    expect((await list()).status).toBe(200);
    expect((await list()).status).toBe(429);
  });

  it('is answered RESOURCE_EXHAUSTED with the milliseconds to wait over gRPC, which counts with REST', async () => {
    await useUp();
    const error = await getServices(await stand.token());
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error?.metadata.get('slipway-error-code')).toEqual(['RateLimited']);
    expect(error?.metadata.get('grpc-retry-pushback-ms')).toEqual(['1000']);
    nowMs += 1_000;
    expect((await getServices(await stand.token()))?.code).toBe(status.NOT_FOUND);
  });

  it('leaves no receipt of a refused change, and its Idempotency-Key free', async () => {
    await useUp();
    const change = {
      api,
      body: { ...PROVISION, name: freshName() },
      headers: { 'idempotency-key': 'after-the-flood' },
    };
    expect((await stand.call('POST', '/v1/runtime/environments', change)).status).toBe(429);
    const receipts = () =>
      tables.query("select answer_status from requests where idempotency_key = 'after-the-flood'", []);
    expect(await receipts()).toEqual([]);
    nowMs += 1_000;
    expect((await stand.call('POST', '/v1/runtime/environments', change)).status).toBe(202);
    expect(await receipts()).toEqual([{ answer_status: 202 }]);
  });

  it('is refused whatever it asks for, by its token alone, and not with a token that is believed no longer', async () => {
    await useUp();
    for (const path of ['/v1/runtime/nothing-here', '/runtime/environments', '/v1/runtime/environments?limit=none']) {
      expect((await list({ path })).body).toMatchObject({ code: 'RateLimited', limited: 'tenant' });
    }
    expect((await list({ token: null })).status).toBe(401);
    expect((await list({ token: `${await stand.token()}x` })).status).toBe(401);
    expect((await list({ path: '/v1/runtime/nothing-here', token: { tenant: 'fabrikam' } })).status).toBe(404);
  });

  it('is refused before its body is looked at', async () => {
    await useUp();
    expect((await stand.call('POST', '/v1/runtime/environments', { api, body: '{"not json' })).status).toBe(429);
  });

  it('is alone with it: while it floods, none of the calls of another tenant is refused', async () => {
    const flood = Promise.all(Array.from({ length: 200 }, () => list()));
    const other = [];
    for (let call = 0; call < BURST; call += 1) other.push((await list({ token: { tenant: 'fabrikam' } })).status);
    expect(other).toEqual(Array.from({ length: BURST }, () => 200));
    const statuses = (await flood).map((reply) => reply.status);
    expect(statuses.filter((one) => one === 200).length).toBe(BURST);
    expect(statuses.filter((one) => one === 429).length).toBe(200 - BURST);
  });
});

describe('the internal APIs', () => {
  it("are limited too, and answer while the tenant's own calls are refused", async () => {
    const bindings = () => list({ internal: true, path: '/v1/runtime/internal/tenant-bindings' });
    await useUp();
    expect((await list()).status).toBe(429);
    for (let call = 0; call < BURST; call += 1) expect((await bindings()).status).toBe(200);
    expect((await bindings()).status).toBe(429);
  });
});

describe('what comes with no token that is believed', () => {
  it("uses up nobody's calls", async () => {
    const wrong = await stand.token({ ttlSeconds: -60 });
    for (let call = 0; call < BURST * 2; call += 1) {
      expect((await list({ token: null })).status).toBe(401);
      expect((await list({ token: wrong })).status).toBe(401);
    }
    await useUp();
  });
});

describe('probes and the reference', () => {
  it('are answered all the same', async () => {
    await useUp();
    expect((await list()).status).toBe(429);
    for (const path of ['/healthz', '/readyz', '/openapi.json']) {
      expect((await stand.call('GET', path, { api, token: null })).status).toBe(200);
    }
  });
});

/** What a call over gRPC is refused by. */
async function getServices(token: string): Promise<ServiceError | undefined> {
  using client = openGrpcClient(api.grpc.port);
  const request = { environmentId: 'env-00000000' };
  const headers = { authorization: `Bearer ${token}` };
  return (await client.unary(RuntimeInventory.method.getServices, request, headers)).error;
}
