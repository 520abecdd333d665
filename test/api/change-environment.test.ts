import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type CallOptions } from '../_support/api.ts';
import {
  completeDeployment,
  deployBody,
  endProvisioning,
  freshName,
  PROVISION,
  readyEnvironment,
} from '../_support/api-states.ts';

let stand: ApiStand;
let key: EnvironmentKey;
let path: string;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
  path = `/v1/runtime/environments/${key.environmentId}`;
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const get = (headers: Record<string, string> = {}) => stand.call('GET', path, { headers });
const patch = (body: unknown, options: CallOptions = {}) => stand.call('PATCH', path, { body, ...options });
const tagOf = async () => (await get()).headers.get('etag') ?? '';

describe('an entity tag', () => {
  it('is the same while nothing changes, for whoever asks, and another after a change', async () => {
    const first = await tagOf();
    expect(first).toMatch(/^"[A-Za-z0-9_-]{22}"$/);
    expect(await tagOf()).toBe(first);
    const { rest } = await stand.start();
    const elsewhere = await fetch(`${rest.url}${path}`, {
      headers: { authorization: `Bearer ${await stand.token()}` },
    });
    expect(elsewhere.headers.get('etag')).toBe(first);
    await patch({ expiresAt: '2099-01-01T00:00:00Z' });
    expect(await tagOf()).not.toBe(first);
  });

  it('spares the body to a caller that has it: 304', async () => {
    const etag = await tagOf();
    for (const known of [etag, `"other", ${etag}`, `W/${etag}`, '*']) {
      const reply = await get({ 'if-none-match': known });
      expect({ known, status: reply.status }).toEqual({ known, status: 304 });
      expect(reply.headers.get('etag')).toBe(etag);
      expect(reply.headers.get('cs-schema-version')).toBe('1.0');
      expect(reply.headers.get('content-type')).toBeNull();
    }
    expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('is on lists too, and on no refusal', async () => {
    expect((await stand.call('GET', '/v1/runtime/environments')).headers.get('etag')).toMatch(/^"/);
    expect((await stand.call('GET', '/v1/runtime/environments/env-00000000')).headers.get('etag')).toBeNull();
  });
});

describe('PATCH /v1/runtime/environments/{environmentId}', () => {
  it('changes targets and expiry, and nothing that it does not name', async () => {
    const before = (await get()).body;
    const { status, body } = await patch({
      computeTargets: ['aks', 'functions'],
      expiresAt: '2100-06-01T02:00:00+02:00',
    });
    expect(status).toBe(200);
    const changed = { computeTargets: ['aks', 'functions'], expiresAt: '2100-06-01T00:00:00.000Z' };
    expect({ ...body, updatedAt: '', inventory: '' }).toEqual({ ...before, ...changed, updatedAt: '', inventory: '' });
    expect((body.inventory as { revision: number }).revision).toBe(
      (before.inventory as { revision: number }).revision + 1,
    );
    expect((await get()).body).toEqual(body);
    expect((await patch({ expiresAt: null })).body).toMatchObject({ ...changed, expiresAt: null });
  });

  it('takes an If-Match, and is refused with 412 when somebody was faster', async () => {
    const seen = await tagOf();
    const headers = { 'if-match': seen };
    const expiresAt = '2101-01-01T00:00:00Z';
    const replies = await Promise.all(Array.from({ length: 10 }, () => patch({ expiresAt }, { headers })));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(412)]);
    expect(replies.find(({ status }) => status === 412)?.body.code).toBe('PreconditionFailed');
    expect((await patch({ expiresAt: null }, { headers: { 'if-match': await tagOf() } })).status).toBe(200);
    expect((await patch({ expiresAt: null }, { headers: { 'if-match': '*' } })).status).toBe(200);
    expect((await patch({ expiresAt: null }, { headers: { 'if-match': 'nonsense' } })).status).toBe(412);
  });

  it('keeps a target that a live service or an accepted deployment uses', async () => {
    const own = await readyEnvironment(stand);
    const at = `/v1/runtime/environments/${own.environmentId}`;
    const deploy = () => stand.call('POST', '/v1/runtime/deployments', { body: deployBody(own.environmentId) });
    const without = (computeTargets: string[]) => stand.call('PATCH', at, { body: { computeTargets } });
    const { body } = await deploy();
    const waiting = await without(['aks']);
    expect(waiting.status).toBe(409);
    expect(waiting.body).toMatchObject({ code: 'TargetInUse', serviceIds: ['module-billing-worker'] });
    await completeDeployment(stand.db, own, body.deploymentId as DeploymentId);
    expect((await without(['functions'])).body).toMatchObject({
      code: 'TargetInUse',
      serviceIds: ['module-billing-worker', 'module-reservations-api'],
    });
    expect((await without(['aks', 'container-apps'])).status).toBe(200);
  });

  it.each([
    ['nothing', {}, ''],
    ['no target', { computeTargets: [] }, '/computeTargets'],
    ['a target twice', { computeTargets: ['aks', 'aks'] }, '/computeTargets'],
    ['a target that is none', { computeTargets: ['vm'] }, '/computeTargets/0'],
    ['an expiry in the past', { expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
    ['an expiry in the year 10000', { expiresAt: '9999-12-31T23:59:00-01:00' }, '/expiresAt'],
    ['an expiry without a zone', { expiresAt: '2100-01-01T00:00:00' }, '/expiresAt'],
    ['what it does not own', { status: 'Ready', expiresAt: null }, '/status'],
  ])('answers 400 for %s', async (_name, body, pointer) => {
    const reply = await patch(body);
    expect(reply.status).toBe(400);
    expect(reply.body.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('answers 409 for an environment that has failed', async () => {
    const body = { ...PROVISION, name: freshName() };
    const created = await stand.call('POST', '/v1/runtime/environments', { body });
    const failed = {
      tenantId: 'connectsoft',
      environmentId: created.body.environmentId as EnvironmentKey['environmentId'],
    };
    await endProvisioning(stand.db, failed, 'Failed');
    const reply = await stand.call('PATCH', `/v1/runtime/environments/${failed.environmentId}`, {
      body: { expiresAt: null },
    });
    expect(reply.status).toBe(409);
    expect(reply.body.code).toBe('EnvironmentNotReady');
  });

  it('is given with the environment from the start, too', async () => {
    const body = { ...PROVISION, name: freshName(), expiresAt: '2100-01-01T00:00:00Z' };
    const created = await stand.call('POST', '/v1/runtime/environments', { body });
    const { body: read } = await stand.call('GET', created.headers.get('location') ?? '');
    expect(read.expiresAt).toBe('2100-01-01T00:00:00.000Z');
  });

  it('leaves a receipt and one event', async () => {
    const subject = freshName();
    await patch({ expiresAt: null }, { token: { subject } });
    const { body } = await stand.call('GET', `/v1/runtime/audit?subject=${subject}`);
    expect(body.items).toEqual([
      expect.objectContaining({ method: 'PATCH', route: '/runtime/environments/{environmentId}', decision: 'allowed' }),
    ]);
  });
});
