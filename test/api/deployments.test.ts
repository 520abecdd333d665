import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_ROLLOUT } from '../../domain/rollout.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type Reply } from '../_support/api.ts';
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
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const deploy = (body: unknown) => stand.call('POST', '/v1/runtime/deployments', { body });
const get = (reply: Reply) => stand.call('GET', reply.headers.get('location') ?? '');
const rollback = (id: unknown, body?: unknown) =>
  stand.call('POST', `/v1/runtime/deployments/${String(id)}/rollback`, { body });
const idOf = (reply: Reply) => reply.body.deploymentId as DeploymentId;

async function published(of: EnvironmentKey): Promise<string> {
  const body = { environmentId: of.environmentId, values: { MODE: 'live' } };
  return (await stand.call('POST', '/v1/runtime/configurations', { body })).body.configurationId as string;
}

describe('POST /v1/runtime/deployments', () => {
  it("accepts the contract's example, field by field", async () => {
    const configurationId = await published(key);
    const asked = deployBody(key.environmentId, { configurationId });
    const reply = await deploy(asked);
    expect(reply.status).toBe(202);
    expect(reply.body).toEqual({
      deploymentId: expect.stringMatching(/^dep-[0-9a-f]{32}$/),
      environmentId: key.environmentId,
      status: 'Requested',
      traceId: expect.stringMatching(/^trace-[0-9a-f]{32}$/),
    });
    expect(reply.headers.get('location')).toBe(`/v1/runtime/deployments/${idOf(reply)}`);
    const { body } = await get(reply);
    expect(body).toMatchObject({
      deploymentId: idOf(reply),
      environmentId: key.environmentId,
      status: 'Requested',
      releaseRef: 'release-2026.6.11',
      strategy: 'RollingHealthGated',
      rollout: DEFAULT_ROLLOUT,
      configurationId,
      rollbackOf: null,
      traceId: reply.body.traceId,
    });
    const components = (body.components as Record<string, unknown>[]).map(({ moduleId, image, target }) => ({
      moduleId,
      image,
      target,
    }));
    expect(components).toEqual(asked.components);
    expect(body.history).toEqual([{ at: expect.any(String), type: 'deploy.accepted', phase: 'Requested' }]);
  });

  it('gives the operation the progress deadline and a reserve for going back', async () => {
    const rollout = { healthyDeadlineSeconds: 10, minHealthySeconds: 1, progressDeadlineSeconds: 30 };
    const reply = await deploy(deployBody(key.environmentId, { rollout }));
    const operation = await stand.call('GET', reply.headers.get('operation-location') ?? '');
    const queueMs = 4 * 3600 * 1000;
    const budget =
      new Date(operation.body.deadlineAt as string).getTime() - new Date(operation.body.acceptedAt as string).getTime();
    expect(budget).toBe(queueMs + (30 + 70) * 1000);
    expect(operation.body).toMatchObject({ kind: 'deploy', resource: reply.headers.get('location') });
  });

  it('takes what a component may say beside the contract', async () => {
    const [component] = deployBody('').components;
    const full = {
      ...component,
      port: 8080,
      health: { path: '/ready' },
      replicas: 3,
      env: { LOG_LEVEL: 'debug' },
      resources: { cpuMillicores: 250, memoryMib: 256 },
      dependsOn: ['module-billing-worker'],
    };
    const components = [full, deployBody('').components[1]];
    expect((await deploy(deployBody(key.environmentId, { components }))).status).toBe(202);
  });

  it('accepts work while the environment is being provisioned', async () => {
    const { tenantId: _t, ...body } = { ...PROVISION, name: freshName() };
    const environment = await stand.call('POST', '/v1/runtime/environments', { body });
    expect((await deploy(deployBody(environment.body.environmentId as string))).status).toBe(202);
  });

  it('answers 409 for an environment whose provisioning failed', async () => {
    const { tenantId: _t, ...body } = { ...PROVISION, name: freshName() };
    const environment = await stand.call('POST', '/v1/runtime/environments', { body });
    const failed = { tenantId: 'connectsoft', environmentId: environment.body.environmentId as `env-${string}` };
    await endProvisioning(stand.db, failed, 'Failed');
    const reply = await deploy(deployBody(failed.environmentId));
    expect(reply.status).toBe(409);
    expect(reply.body).toMatchObject({ code: 'EnvironmentNotReady', environmentStatus: 'Failed' });
  });

  it('answers 404 for a configuration of another environment, as for one that is not there', async () => {
    const elsewhere = await published(await readyEnvironment(stand));
    for (const configurationId of [elsewhere, 'cfg-00000000']) {
      const reply = await deploy(deployBody(key.environmentId, { configurationId }));
      expect(reply.status).toBe(404);
      expect(reply.body.code).toBe('ConfigurationNotFound');
    }
  });

  it('answers 400 for dependencies that would not run or that go in a circle', async () => {
    const [first, second] = deployBody('').components;
    const unknown = await deploy(
      deployBody(key.environmentId, { components: [{ ...first, dependsOn: ['module-none'] }] }),
    );
    expect(unknown.status).toBe(400);
    expect(unknown.body).toMatchObject({
      code: 'DependencyUnknown',
      errors: [{ pointer: '/components/0/dependsOn/0', message: expect.stringContaining('module-none') }],
    });
    const circle = [
      { ...first, dependsOn: ['module-billing-worker'] },
      { ...second, dependsOn: ['module-reservations-api'] },
    ];
    const cycle = await deploy(deployBody(key.environmentId, { components: circle }));
    expect(cycle.status).toBe(400);
    expect(cycle.body.code).toBe('DependencyCycle');
    expect(cycle.body.errors?.map(({ pointer }) => pointer).sort()).toEqual([
      '/components/0/dependsOn',
      '/components/1/dependsOn',
    ]);
  });
});

describe('GET /v1/runtime/deployments/{deploymentId}', () => {
  it("answers 404 for one that is not there, and the same for another tenant's", async () => {
    const reply = await deploy(deployBody(key.environmentId));
    const foreign = await stand.call('GET', `/v1/runtime/deployments/${idOf(reply)}`, {
      token: { tenant: 'fabrikam' },
    });
    const missing = await stand.call('GET', '/v1/runtime/deployments/dep-00000000');
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...missing.body, traceId: '' });
  });

  it('shows the phases that a deployment went through, and what runs then', async () => {
    const mine = await readyEnvironment(stand);
    const configurationId = await published(mine);
    const reply = await deploy(deployBody(mine.environmentId, { configurationId }));
    await completeDeployment(stand.db, mine, idOf(reply));
    const { body } = await get(reply);
    expect(body).toMatchObject({ status: 'Completed', endedAt: expect.any(String), failure: null });
    const phases = (body.history as Record<string, unknown>[]).map(({ phase }) => phase);
    expect(phases).toEqual([
      ...['Requested', 'Provisioning', 'Configuring', 'RollingOut', 'HealthGating', 'Promoting', 'Completed'],
    ]);
    const environment = await stand.call('GET', `/v1/runtime/environments/${mine.environmentId}`);
    expect(environment.body.inventory).toMatchObject({
      deploymentId: idOf(reply),
      configurationId,
      services: [{ serviceId: 'module-billing-worker' }, { serviceId: 'module-reservations-api' }],
    });
  });
});

describe('POST /v1/runtime/deployments/{deploymentId}/rollback', () => {
  it('answers 409 for a deployment that has not completed', async () => {
    const mine = await readyEnvironment(stand);
    const reply = await rollback(idOf(await deploy(deployBody(mine.environmentId))));
    expect(reply.status).toBe(409);
    expect(reply.body).toMatchObject({ code: 'DeploymentNotFinished', deploymentStatus: 'Requested' });
  });

  it('answers 409 for the first deployment of an environment', async () => {
    const mine = await readyEnvironment(stand);
    const first = idOf(await deploy(deployBody(mine.environmentId)));
    await completeDeployment(stand.db, mine, first);
    const reply = await rollback(first);
    expect(reply.status).toBe(409);
    expect(reply.body.code).toBe('NothingToRollBackTo');
  });

  it('accepts a new deployment of the earlier snapshot, which names what it takes back', async () => {
    const mine = await readyEnvironment(stand);
    const first = idOf(await deploy(deployBody(mine.environmentId, { releaseRef: 'release-1' })));
    await completeDeployment(stand.db, mine, first);
    const second = idOf(
      await deploy(deployBody(mine.environmentId, { releaseRef: 'release-2', rollout: { maxParallel: 2 } })),
    );
    await completeDeployment(stand.db, mine, second);
    const reply = await rollback(second, { tenantId: 'connectsoft' });
    expect(reply.status).toBe(202);
    expect(reply.body).toEqual({
      deploymentId: expect.stringMatching(/^dep-/),
      environmentId: mine.environmentId,
      status: 'Requested',
      traceId: reply.headers.get('x-trace-id'),
    });
    const { body } = await get(reply);
    expect(body).toMatchObject({
      rollbackOf: second,
      releaseRef: 'release-1',
      rollout: { maxParallel: 2 },
      components: [],
    });
  });

  it("answers 404 for another tenant's deployment", async () => {
    const { body } = await deploy(deployBody(key.environmentId));
    const path = `/v1/runtime/deployments/${String(body.deploymentId)}/rollback`;
    expect((await stand.call('POST', path, { token: { tenant: 'fabrikam' } })).status).toBe(404);
  });
});
