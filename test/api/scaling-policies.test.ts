import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDeployment } from '../../db/deployments.ts';
import { findEnvironment, setEnvironmentStatus } from '../../db/environments.ts';
import { readSnapshot } from '../../db/snapshots.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openCedar } from '../../providers/governance/cedar.ts';
import { openApiStand, ROOT, type ApiStand, type CallOptions } from '../_support/api.ts';
import { completeDeployment, deployBody, freshName, PROVISION, readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;
beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const API = 'module-reservations-api';
const WORKER = 'module-billing-worker';

/** The contract's example, for an environment of ours. */
const policy = (environmentId: string, change: Record<string, unknown> = {}) => ({
  tenantId: 'connectsoft',
  environmentId,
  serviceId: API,
  target: 'aks',
  metric: 'cpu',
  minReplicas: 2,
  maxReplicas: 20,
  targetUtilizationPercent: 65,
  scaleToZero: false,
  ...change,
});

const apply = (body: unknown, options: CallOptions = {}) =>
  stand.call('POST', '/v1/runtime/scaling-policies', { body, ...options });

/** An environment in which both services of the contract run, one replica each. */
async function deployed(): Promise<EnvironmentKey> {
  const key = await readyEnvironment(stand);
  const { body } = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
  await completeDeployment(stand.db, key, body.deploymentId as DeploymentId);
  return key;
}

const live = (key: EnvironmentKey) =>
  stand.db.forTenant(key.tenantId, async (tx) => {
    const environment = await findEnvironment(tx, key);
    return await readSnapshot(tx, key.tenantId, environment?.liveSnapshotId ?? null);
  });

describe('POST /v1/runtime/scaling-policies', () => {
  it("stores the contract's example for a service that does not run yet, field by field", async () => {
    const { environmentId } = await readyEnvironment(stand);
    const { tenantId: _t, ...asked } = policy(environmentId);
    const reply = await apply(policy(environmentId));
    expect(reply.status).toBe(201);
    expect(reply.body).toEqual({
      policyId: expect.stringMatching(/^pol-[0-9a-f]{32}$/),
      ...asked,
      status: 'InForce',
      createdAt: expect.any(String),
      updatedAt: reply.body.createdAt,
      traceId: reply.headers.get('x-trace-id'),
    });
    expect(reply.headers.get('location')).toBe(`/v1/runtime/scaling-policies/${String(reply.body.policyId)}`);
    expect(reply.headers.get('operation-location')).toBeNull();
    const read = await stand.call('GET', reply.headers.get('location') ?? '');
    expect(read.status).toBe(200);
    expect(read.body).toEqual(reply.body);
  });

  it('replaces the one policy of a service under its id, also when many apply one at once', async () => {
    const { environmentId } = await readyEnvironment(stand);
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, n) => apply(policy(environmentId, { maxReplicas: 10 + n }))),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    expect(new Set(replies.map(({ body }) => body.policyId)).size).toBe(1);
    const again = await apply(policy(environmentId, { metric: 'memory', minReplicas: 0, scaleToZero: true }));
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ policyId: replies[0]?.body.policyId, metric: 'memory', minReplicas: 0 });
    const other = await apply(policy(environmentId, { serviceId: WORKER }));
    expect(other.status).toBe(201);
  });

  it('is stored at once for a service that runs within its bounds, and is part of what should run', async () => {
    const key = await deployed();
    const before = (await live(key)).services[API];
    const reply = await apply(policy(key.environmentId, { minReplicas: 1 }));
    expect(reply.status).toBe(201);
    const { [API]: after, [WORKER]: other } = (await live(key)).services;
    const { policyId, target, metric, minReplicas, maxReplicas, targetUtilizationPercent, scaleToZero } = reply.body;
    expect(after).toEqual({
      ...before,
      scaling: { policyId, target, metric, minReplicas, maxReplicas, targetUtilizationPercent, scaleToZero },
    });
    expect(other?.scaling ?? null).toBeNull();
    // The environment still runs the release that was deployed.
    const environment = await stand.call('GET', `/v1/runtime/environments/${key.environmentId}`);
    expect(environment.body.inventory).toMatchObject({ deploymentId: expect.stringMatching(/^dep-/) });
  });

  it('starts a deployment for a service that runs outside its bounds', async () => {
    const key = await deployed();
    const reply = await apply(policy(key.environmentId));
    expect(reply.status).toBe(202);
    const { tenantId: _t, ...asked } = policy(key.environmentId);
    expect(reply.body).toMatchObject({ ...asked, policyId: expect.stringMatching(/^pol-/) });
    const deploymentId = reply.body.deploymentId as DeploymentId;
    expect(reply.headers.get('location')).toBe(`/v1/runtime/deployments/${deploymentId}`);
    const operation = await stand.call('GET', reply.headers.get('operation-location') ?? '');
    expect(operation.body).toMatchObject({ kind: 'deploy', status: 'Accepted', environmentId: key.environmentId });
    expect(stand.rings).toContainEqual(key);
    const deployment = await stand.db.forTenant(key.tenantId, (tx) => findDeployment(tx, key.tenantId, deploymentId));
    expect(deployment).toMatchObject({ releaseRef: 'release-2026.6.11', components: [], rollbackOf: null });
    const read = await stand.call('GET', `/v1/runtime/scaling-policies/${String(reply.body.policyId)}`);
    expect(read.body).toMatchObject(asked);
  });

  it('is left to the lane while a deployment is under way: nobody knows yet what will be live after it', async () => {
    const key = await deployed();
    const before = await live(key);
    await stand.db.forTenant(key.tenantId, (tx) => setEnvironmentStatus(tx, key, ['Ready'], 'Updating'));
    const reply = await apply(policy(key.environmentId, { minReplicas: 1 }));
    expect(reply.status).toBe(202);
    expect(await live(key)).toEqual(before);
  });

  it.each([
    ['more at least than at most', { minReplicas: 21 }, '/minReplicas'],
    ['nothing at least without scaling to zero', { minReplicas: 0 }, '/minReplicas'],
    ['fewer than none', { minReplicas: -1, scaleToZero: true }, '/minReplicas'],
    ['none at most', { minReplicas: 0, maxReplicas: 0, scaleToZero: true }, '/maxReplicas'],
    ['more than 100', { maxReplicas: 101 }, '/maxReplicas'],
    ['half a replica', { minReplicas: 1.5 }, '/minReplicas'],
    ['a utilisation of 0', { targetUtilizationPercent: 0 }, '/targetUtilizationPercent'],
    ['a utilisation over 100', { targetUtilizationPercent: 101 }, '/targetUtilizationPercent'],
    ['another metric', { metric: 'disk' }, '/metric'],
    ['another target', { target: 'mainframe' }, '/target'],
    ['a service that cannot be', { serviceId: 'Not A Name' }, '/serviceId'],
    ['a word for scaleToZero', { scaleToZero: 'no' }, '/scaleToZero'],
  ])('answers 400 for %s, with its pointer', async (_name, change, pointer) => {
    const { status, body } = await apply(policy('env-00000000', change));
    expect(status).toBe(400);
    expect(body.code).toBe('ValidationFailed');
    expect(body.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('answers 400 for a target that the environment does not have', async () => {
    const { environmentId } = await readyEnvironment(stand, { computeTargets: ['functions'] });
    const { status, body } = await apply(policy(environmentId));
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'TargetNotInEnvironment', errors: [{ pointer: '/target' }] });
  });

  it("answers 404 for another tenant's environment and policy, as for those that are not there", async () => {
    const { environmentId } = await readyEnvironment(stand);
    const { tenantId: _t, ...body } = policy(environmentId);
    const { body: stored } = await apply(body);
    const token = { tenant: 'fabrikam' };
    const foreign = await apply(body, { token });
    const missing = await apply({ ...body, environmentId: 'env-00000000' }, { token });
    expect({ status: foreign.status, code: foreign.body.code }).toEqual({ status: 404, code: 'EnvironmentNotFound' });
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...missing.body, traceId: '' });
    const path = '/v1/runtime/scaling-policies';
    const foreignRead = await stand.call('GET', `${path}/${String(stored.policyId)}`, { token });
    const missingRead = await stand.call('GET', `${path}/pol-00000000`);
    expect({ status: foreignRead.status, code: foreignRead.body.code }).toEqual({
      status: 404,
      code: 'ScalingPolicyNotFound',
    });
    expect({ ...foreignRead.body, traceId: '' }).toEqual({ ...missingRead.body, traceId: '' });
  });

  it('answers 403 without its scopes, and for another tenant in the body', async () => {
    const { environmentId } = await readyEnvironment(stand);
    const { body: stored } = await apply(policy(environmentId));
    const readOnly = { token: { scopes: ['runtime.scaling.read'] } };
    const refused = await apply(policy(environmentId), readOnly);
    expect(refused).toMatchObject({
      status: 403,
      body: { code: 'ScopeMissing', requiredScope: 'runtime.scaling.write' },
    });
    const writeOnly = { token: { scopes: ['runtime.scaling.write'] } };
    const unread = await stand.call('GET', `/v1/runtime/scaling-policies/${String(stored.policyId)}`, writeOnly);
    expect(unread).toMatchObject({ status: 403, body: { requiredScope: 'runtime.scaling.read' } });
    const elsewhere = await apply(policy(environmentId, { tenantId: 'fabrikam' }));
    expect(elsewhere).toMatchObject({ status: 403, body: { code: 'TenantMismatch' } });
  });

  it('asks governance in production, and there alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slp-'));
    try {
      cpSync(join(ROOT, 'policies'), folder, { recursive: true });
      const forbid = `@id("no-scaling") forbid (principal, action == Slipway::Action::"scaling.apply", resource)
        when { context has serviceId && context.serviceId == "${API}" };`;
      writeFileSync(join(folder, 'more.cedar'), forbid);
      const api = await stand.start({ governance: openCedar({ folder }) });
      const prod = await readyEnvironment(stand);
      const denied = await apply(policy(prod.environmentId), { api });
      expect(denied).toMatchObject({ status: 403, body: { code: 'GovernanceDenied', reasons: ['no-scaling'] } });
      expect((await apply(policy(prod.environmentId, { serviceId: WORKER }), { api })).status).toBe(201);
      const dev = await readyEnvironment(stand, { ...PROVISION, name: freshName(), stage: 'dev' });
      expect((await apply(policy(dev.environmentId), { api })).status).toBe(201);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('answers a repeated key with the first answer, and starts nothing twice', async () => {
    const key = await deployed();
    const headers = { 'idempotency-key': `policy-${key.environmentId}` };
    const first = await apply(policy(key.environmentId), { headers });
    const again = await apply(policy(key.environmentId), { headers });
    expect({ status: again.status, body: again.body }).toEqual({ status: 202, body: first.body });
    const other = await apply(policy(key.environmentId, { maxReplicas: 3 }), { headers });
    expect(other).toMatchObject({ status: 422, body: { code: 'IdempotencyKeyReused' } });
  });
});
