import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { endProvisioning, freshName, PROVISION, readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;
beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const provision = (body: unknown, options = {}) => stand.call('POST', '/v1/runtime/environments', { body, ...options });

describe('POST /v1/runtime/environments', () => {
  it("answers the contract's example with its four fields and where to look", async () => {
    const { status, body, headers } = await provision(PROVISION);
    expect(status).toBe(202);
    expect(body).toEqual({
      environmentId: expect.stringMatching(/^env-[0-9a-f]{32}$/),
      status: 'Provisioning',
      traceId: expect.stringMatching(/^trace-[0-9a-f]{32}$/),
      pulumiStackRef: 'booking-prod-weu',
    });
    expect(headers.get('location')).toBe(`/v1/runtime/environments/${body.environmentId}`);
    expect(headers.get('operation-location')).toMatch(/^\/v1\/runtime\/operations\/op-[0-9a-f]{32}$/);
    expect(headers.get('x-trace-id')).toBe(body.traceId);
    expect(stand.rings.at(-1)).toEqual({ tenantId: 'connectsoft', environmentId: body.environmentId });
  });

  it('leads by Operation-Location to an operation that leads back', async () => {
    const { body, headers } = await provision({ ...PROVISION, name: freshName() });
    const operation = await stand.call('GET', headers.get('operation-location') ?? '');
    expect(operation.status).toBe(200);
    expect(operation.body).toMatchObject({
      environmentId: body.environmentId,
      kind: 'provision',
      status: 'Accepted',
      phase: 'Requested',
      resource: headers.get('location'),
      traceId: body.traceId,
      endedAt: null,
    });
  });

  it('accepts a body without tenantId: the token names the tenant', async () => {
    const { tenantId: _left, ...body } = { ...PROVISION, name: freshName() };
    expect((await provision(body)).status).toBe(202);
  });

  it('answers 409 with the id of the environment that has the name', async () => {
    const body = { ...PROVISION, name: freshName() };
    const first = await provision(body);
    const second = await provision(body);
    expect(second.status).toBe(409);
    expect(second.body).toMatchObject({ code: 'EnvironmentExists', environmentId: first.body.environmentId });
  });

  it('lets one of many at once have the name, and tells the others who has it', async () => {
    const body = { ...PROVISION, name: freshName() };
    const replies = await Promise.all(Array.from({ length: 20 }, () => provision(body)));
    const winners = replies.filter(({ status }) => status === 202);
    expect(winners).toHaveLength(1);
    const others = replies.filter(({ status }) => status === 409);
    expect(others).toHaveLength(19);
    expect(new Set(others.map((reply) => reply.body.environmentId))).toEqual(new Set([winners[0]?.body.environmentId]));
  });

  it('gives the same name to two tenants', async () => {
    const { tenantId: _left, ...body } = { ...PROVISION, name: freshName() };
    expect((await provision(body)).status).toBe(202);
    expect((await provision(body, { token: { tenant: 'fabrikam' } })).status).toBe(202);
  });

  it('frees the name of an environment whose provisioning failed', async () => {
    const body = { ...PROVISION, name: freshName() };
    const first = await provision(body);
    const key = { tenantId: 'connectsoft', environmentId: first.body.environmentId as `env-${string}` };
    await endProvisioning(stand.db, key, 'Failed');
    expect((await provision(body)).status).toBe(202);
    const failed = await stand.call('GET', `/v1/runtime/environments/${key.environmentId}`);
    expect(failed.body).toMatchObject({ status: 'Failed', failure: { code: 'StackFailed' } });
  });

  it('answers 202 when the lane cannot be rung', async () => {
    const api = await stand.start({ ring: () => Promise.reject(new Error('Temporal is away')) });
    expect((await provision({ ...PROVISION, name: freshName() }, { api })).status).toBe(202);
  });

  it('answers 202 within seconds when ringing hangs', async () => {
    const api = await stand.start({ ring: () => new Promise(() => undefined) });
    const began = Date.now();
    expect((await provision({ ...PROVISION, name: freshName() }, { api })).status).toBe(202);
    expect(Date.now() - began).toBeLessThan(5_000);
  });
});

describe('GET /v1/runtime/environments/{environmentId}', () => {
  it('answers 200 with what was asked for, state and inventory', async () => {
    const asked = { ...PROVISION, name: freshName() };
    const { body: made } = await provision(asked);
    const { status, body } = await stand.call('GET', `/v1/runtime/environments/${made.environmentId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...asked, pulumiStackRef: asked.name, environmentId: made.environmentId });
    expect(body).toMatchObject({
      status: 'Provisioning',
      outputs: null,
      inventory: { services: [], deploymentId: null, configurationId: null },
      waitingOn: { kind: 'queue', reference: `lane/${made.environmentId}` },
      failure: null,
      traceId: made.traceId,
    });
    expect(new Date(body.createdAt as string).toISOString()).toBe(body.createdAt);
  });

  it('answers Ready once provisioning has ended', async () => {
    const { environmentId } = await readyEnvironment(stand);
    const { body } = await stand.call('GET', `/v1/runtime/environments/${environmentId}`);
    expect(body.status).toBe('Ready');
  });

  it("answers 404 for one that is not there, and the same for another tenant's", async () => {
    const { environmentId } = await readyEnvironment(stand);
    const missing = await stand.call('GET', '/v1/runtime/environments/env-00000000');
    const foreign = await stand.call('GET', `/v1/runtime/environments/${environmentId}`, {
      token: { tenant: 'fabrikam' },
    });
    for (const reply of [missing, foreign]) {
      expect(reply.status).toBe(404);
      expect({ ...reply.body, traceId: '' }).toEqual({
        type: 'urn:slipway:problem:EnvironmentNotFound',
        title: 'Not Found',
        status: 404,
        code: 'EnvironmentNotFound',
        detail: 'There is no such environment.',
        traceId: '',
      });
    }
    expect([...foreign.headers.keys()].sort()).toEqual([...missing.headers.keys()].sort());
  });
});
