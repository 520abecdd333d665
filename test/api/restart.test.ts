import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type CallOptions } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';

const API = 'module-reservations-api';
const WORKER = 'module-billing-worker';

let stand: ApiStand;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
  await released(key);
});
afterAll(() => stand?.[Symbol.asyncDispose]());

/** Deploys the contract's example, all the way. */
async function released(of: EnvironmentKey, change: Record<string, unknown> = {}): Promise<void> {
  const { tenantId: _stated, ...body } = deployBody(of.environmentId, change);
  const { body: told } = await stand.call('POST', '/v1/runtime/deployments', { body, token: { tenant: of.tenantId } });
  await completeDeployment(stand.db, of, told.deploymentId as DeploymentId);
}

const restart = (service: string, query = '', options: CallOptions = {}) =>
  stand.call('POST', `/v1/runtime/services/${service}/restart${query}`, options);

describe('POST /v1/runtime/services/{serviceId}/restart', () => {
  it('accepts a deployment of the live release that names what it restarts, by the clocks it was deployed with', async () => {
    const mine = await readyEnvironment(stand);
    await released(mine, { rollout: { minHealthySeconds: 7 } });
    const query = `?environmentId=${mine.environmentId}`;
    const reply = await restart(API, query, { body: { tenantId: 'connectsoft' } });
    expect(reply.status).toBe(202);
    expect(reply.body).toEqual({
      deploymentId: expect.stringMatching(/^dep-[0-9a-f]{32}$/),
      environmentId: mine.environmentId,
      status: 'Requested',
      traceId: reply.headers.get('x-trace-id'),
    });
    const { body } = await stand.call('GET', reply.headers.get('location') ?? '');
    expect(body).toMatchObject({
      deploymentId: reply.body.deploymentId,
      releaseRef: 'release-2026.6.11',
      restartOf: API,
      rollbackOf: null,
      fromDeploymentId: null,
      rollout: { minHealthySeconds: 7 },
      components: [],
    });
    const operation = await stand.call('GET', reply.headers.get('operation-location') ?? '');
    expect(operation.body).toMatchObject({ kind: 'deploy', resource: reply.headers.get('location') });
  });

  it('queues one behind the other, and behind what is under way', async () => {
    const query = `?environmentId=${key.environmentId}`;
    const replies = await Promise.all(Array.from({ length: 4 }, () => restart(WORKER, query)));
    expect(replies.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(new Set(replies.map(({ body }) => body.deploymentId)).size).toBe(4);
  });

  it('answers 404 for a service that does not run, here or at all, and for another tenant', async () => {
    const empty = await readyEnvironment(stand);
    const replies = [
      await restart('module-nobody'),
      await restart(API, `?environmentId=${empty.environmentId}`),
      await restart(API, '?environmentId=env-00000000'),
      await restart(API, '', { token: { tenant: 'fabrikam' } }),
    ];
    expect(replies.map(({ status, body }) => `${status} ${body.code}`)).toEqual(Array(4).fill('404 ServiceNotFound'));
  });

  it('answers 409 naming the environments when several run it and none is named', async () => {
    const tenantId = 'adatum';
    const both = [await readyEnvironment(stand, { tenantId }), await readyEnvironment(stand, { tenantId })];
    for (const one of both) await released(one);
    const reply = await restart(API, '', { token: { tenant: tenantId } });
    expect(reply.status).toBe(409);
    expect(reply.body).toMatchObject({
      code: 'ServiceAmbiguous',
      environmentIds: both.map(({ environmentId }) => environmentId).sort(),
    });
  });

  it('answers 400 for a body and a query nobody knows', async () => {
    const body = await restart(API, '', { body: { when: 'now' } });
    expect(body.body).toMatchObject({ code: 'ValidationFailed', errors: [{ pointer: '/when' }] });
    const query = await restart(API, '?force=true');
    expect(query.body).toMatchObject({ code: 'ValidationFailed', errors: [{ pointer: '?force' }] });
  });

  it('answers 403 without the scope of deployments', async () => {
    const token = { scopes: ['runtime.environments.write', 'runtime.deployments.read'] };
    const reply = await restart(API, `?environmentId=${key.environmentId}`, { token });
    expect(reply.body).toMatchObject({ code: 'ScopeMissing', requiredScope: 'runtime.deployments.write' });
  });

  it('answers the same key alike, once', async () => {
    const query = `?environmentId=${key.environmentId}`;
    const headers = { 'idempotency-key': 'restart-once' };
    const [first, second] = [await restart(API, query, { headers }), await restart(API, query, { headers })];
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
  });
});
