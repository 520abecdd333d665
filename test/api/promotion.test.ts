import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { completeDeployment, deployBody, endProvisioning, readyEnvironment } from '../_support/api-states.ts';

const API = 'module-reservations-api';
const WORKER = 'module-billing-worker';

let stand: ApiStand;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
});
afterAll(() => stand?.[Symbol.asyncDispose]());

describe('a promotion', () => {
  const promote = (environmentId: string, fromDeploymentId: unknown, change: Record<string, unknown> = {}) =>
    stand.call('POST', '/v1/runtime/deployments', { body: { environmentId, fromDeploymentId, ...change } });

  async function source(change: Record<string, unknown> = {}): Promise<{ of: EnvironmentKey; id: DeploymentId }> {
    const of = await readyEnvironment(stand, { stage: 'staging' });
    const reply = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(of.environmentId, change) });
    const id = reply.body.deploymentId as DeploymentId;
    await completeDeployment(stand.db, of, id);
    return { of, id };
  }

  it('is accepted with the digests of the deployment that it names, under its release', async () => {
    const { id } = await source();
    const target = await readyEnvironment(stand);
    const reply = await promote(target.environmentId, id);
    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({ environmentId: target.environmentId, status: 'Requested' });
    const { body } = await stand.call('GET', reply.headers.get('location') ?? '');
    expect(body).toMatchObject({
      fromDeploymentId: id,
      releaseRef: 'release-2026.6.11',
      configurationId: null,
      components: [
        { moduleId: WORKER, image: 'acr.azurecr.io/billing-worker:1.4.2', digest: `sha256:${'0'.repeat(64)}` },
        { moduleId: API, image: 'acr.azurecr.io/reservations-api:1.4.2', digest: `sha256:${'0'.repeat(64)}` },
      ],
    });
  });

  it('takes a name of its own, and everything that ran after its source, named there or not', async () => {
    const { of } = await source();
    const [api] = deployBody('').components;
    const second = await stand.call('POST', '/v1/runtime/deployments', {
      body: deployBody(of.environmentId, { components: [api] }),
    });
    await completeDeployment(stand.db, of, second.body.deploymentId as DeploymentId);
    const target = await readyEnvironment(stand);
    const reply = await promote(target.environmentId, second.body.deploymentId, { releaseRef: 'release-prod' });
    const { body } = await stand.call('GET', reply.headers.get('location') ?? '');
    expect(body.releaseRef).toBe('release-prod');
    expect((body.components as { moduleId: string }[]).map(({ moduleId }) => moduleId)).toEqual([WORKER, API]);
  });

  it('answers 409 while its source has not completed, and when it went back', async () => {
    const target = await readyEnvironment(stand);
    const of = await readyEnvironment(stand);
    const open = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(of.environmentId) });
    const reply = await promote(target.environmentId, open.body.deploymentId);
    expect(reply.status).toBe(409);
    expect(reply.body).toMatchObject({ code: 'DeploymentNotCompleted', deploymentStatus: 'Requested' });
  });

  it("answers 404 for a source that is not there, and the same for another tenant's", async () => {
    const { id } = await source();
    const theirs = await readyEnvironment(stand, { tenantId: 'fabrikam' });
    const body = { environmentId: theirs.environmentId, fromDeploymentId: id };
    const foreign = await stand.call('POST', '/v1/runtime/deployments', { body, token: { tenant: 'fabrikam' } });
    const missing = await promote(key.environmentId, 'dep-00000000');
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...missing.body, traceId: '' });
    expect(missing.body.code).toBe('DeploymentNotFound');
  });

  it('answers 403 where the binding to the environment of its source was revoked', async () => {
    const { of, id } = await source();
    const sql = new Client({ connectionString: stand.config.databaseUrl });
    await sql.connect();
    await sql.query('update tenant_bindings set revoked_at = now() where environment_id = $1', [of.environmentId]);
    await sql.end();
    const target = await readyEnvironment(stand);
    const reply = await promote(target.environmentId, id);
    expect(`${reply.status} ${reply.body.code}`).toBe('403 BindingRevoked');
  });

  it('answers 400 for a target that the environment does not have', async () => {
    const { id } = await source();
    const small = await readyEnvironment(stand, { computeTargets: ['aks'] });
    const reply = await promote(small.environmentId, id);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({
      code: 'TargetNotInEnvironment',
      errors: [{ pointer: '/fromDeploymentId', message: expect.stringContaining(`container-apps of ${WORKER}`) }],
    });
  });

  it('answers 400 together with components, and for neither', async () => {
    const both = await promote(key.environmentId, 'dep-1', { components: deployBody('').components });
    expect(both.body).toMatchObject({ code: 'ValidationFailed', errors: [{ pointer: '/components' }] });
    const body = { environmentId: key.environmentId };
    const neither = await stand.call('POST', '/v1/runtime/deployments', { body });
    expect(neither.body).toMatchObject({
      code: 'ValidationFailed',
      errors: [{ pointer: '/components' }, { pointer: '/releaseRef' }],
    });
  });

  it('answers 409 for an environment that has failed', async () => {
    const { id } = await source();
    const provisioned = await stand.call('POST', '/v1/runtime/environments', {
      body: {
        ...{ projectId: 'proj-a', name: 'promoted-to-nothing', stage: 'dev', region: 'westeurope' },
        ...{ isolationModel: 'pool', computeTargets: ['aks'] },
      },
    });
    const environmentId = provisioned.body.environmentId as EnvironmentKey['environmentId'];
    await endProvisioning(stand.db, { tenantId: 'connectsoft', environmentId }, 'Failed');
    expect((await promote(environmentId, id)).body.code).toBe('EnvironmentNotReady');
  });
});
