import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replaceServices } from '../../db/services.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type RunningApi } from '../_support/api.ts';
import { readyEnvironment } from '../_support/api-states.ts';
import { startComputePlatform, type ComputePlatform } from '../_support/compute-platform.ts';
import { until } from '../_support/until.ts';

const serviceId = 'module-reservations-api';
let stand: ApiStand;
let platform: ComputePlatform;
let api: RunningApi;
let key: EnvironmentKey;
beforeAll(async () => {
  [stand, platform] = await Promise.all([openApiStand(), startComputePlatform()]);
  api = await stand.start({ compute: platform.compute });
  key = await readyEnvironment(stand);
  await deployed(key);
  const spec = await platform.spec({ workload: { ...key, serviceId } });
  await platform.compute.ensure(spec, 1);
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
  await platform?.stop();
});

/** Puts the service into the environment's inventory. */
async function deployed(of: EnvironmentKey): Promise<void> {
  const image = 'acr.azurecr.io/reservations-api:1.4.1';
  const { digest } = await platform.compute.resolve(image);
  const row = {
    image,
    digest,
    target: 'aks',
    revision: 'r1.4.1',
    replicas: 1,
    configurationId: null,
    endpoint: null,
  } as const;
  await stand.db.forTenant(of.tenantId, (tx) =>
    replaceServices(tx, of, [{ ...of, ...row, serviceId, deploymentId: 'dep-1' }]),
  );
}

const path = (query = '') => `/v1/runtime/services/${serviceId}/logs${query}`;

describe('GET /v1/runtime/services/{serviceId}/logs', () => {
  it('streams the lines of every replica as NDJSON', async () => {
    const text = await until(
      async () => {
        const reply = await fetch(`${api.rest.url}${path('?tail=5')}`, {
          headers: { authorization: `Bearer ${await stand.token()}` },
        });
        expect(reply.status).toBe(200);
        expect(reply.headers.get('content-type')).toBe('application/x-ndjson');
        expect(reply.headers.get('cs-schema-version')).toBe('1.0');
        return await reply.text();
      },
      { what: 'the first line' },
    );
    for (const line of text.trim().split('\n')) {
      expect(JSON.parse(line)).toEqual({
        instanceId: expect.any(String),
        revision: 'r1.4.1',
        line: expect.any(String),
      });
    }
  });

  it('follows until the caller leaves, and ends when the server stops', async () => {
    const own = await stand.start({ compute: platform.compute });
    const headers = { authorization: `Bearer ${await stand.token()}` };
    const leaving = new AbortController();
    const left = await fetch(`${own.rest.url}${path('?follow=true')}`, { headers, signal: leaving.signal });
    await left.body?.getReader().read();
    leaving.abort();
    const staying = await fetch(`${own.rest.url}${path('?follow=true&tail=1')}`, { headers });
    const began = Date.now();
    await own.rest[Symbol.asyncDispose]();
    await staying.text();
    expect(Date.now() - began).toBeLessThan(4_000);
  });

  it('ends when the binding is revoked while it is followed', async () => {
    const headers = { authorization: `Bearer ${await stand.token()}` };
    const followed = await fetch(`${api.rest.url}${path('?follow=true&tail=1')}`, { headers });
    const at = `/v1/runtime/internal/tenant-bindings`;
    const listed = await stand.call('GET', `${at}?environmentId=${key.environmentId}`, { internal: true });
    const [{ tenantBindingId }] = listed.body.items as [{ tenantBindingId: string }];
    await stand.call('POST', `${at}/${tenantBindingId}/revoke`, { internal: true });
    await followed.text();
    expect((await stand.call('GET', path(`?environmentId=${key.environmentId}`), { api })).body.code).toBe(
      'BindingRevoked',
    );
    const body = { environmentId: key.environmentId };
    expect((await stand.call('POST', at, { internal: true, body })).body.status).toBe('Bound');
  });

  it('answers 404 for a service nobody runs, and for one of another tenant', async () => {
    expect((await stand.call('GET', '/v1/runtime/services/module-none/logs', { api })).body.code).toBe(
      'ServiceNotFound',
    );
    const foreign = await stand.call('GET', path(), { api, token: { tenant: 'fabrikam' } });
    expect(foreign.status).toBe(404);
    expect(foreign.body.code).toBe('ServiceNotFound');
    expect((await stand.call('GET', path('?environmentId=env-0'), { api })).body.code).toBe('ServiceNotFound');
  });

  it('answers 403 without the scope', async () => {
    const token = { scopes: ['runtime.deployments.read'] as const };
    expect((await stand.call('GET', path(), { api, token })).body.code).toBe('ScopeMissing');
  });

  it('answers 503 when the compute target is away', async () => {
    const reply = await stand.call('GET', path());
    expect(reply.status).toBe(503);
    expect(reply.body.code).toBe('ComputeUnavailable');
    expect(reply.headers.get('retry-after')).toBe('5');
  });

  it('answers 409 naming the environments when several run it, and takes the one that is named', async () => {
    const other = await readyEnvironment(stand);
    await deployed(other);
    const reply = await stand.call('GET', path(), { api });
    expect(reply.status).toBe(409);
    expect(reply.body.code).toBe('ServiceAmbiguous');
    expect((reply.body.environmentIds as string[]).sort()).toEqual([key.environmentId, other.environmentId].sort());
    expect((await stand.call('GET', path(`?environmentId=${key.environmentId}`), { api })).status).toBe(200);
  });
});
