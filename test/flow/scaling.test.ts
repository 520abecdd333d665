import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoad } from '../../local/demo/load.ts';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { runningWorkloads } from '../_support/workloads.ts';

interface PolicyView {
  policyId: string;
  minReplicas: number;
  maxReplicas: number;
  deploymentId?: string;
}

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  environmentId = await operator.provision('scaling');
  await operator.ended(await operator.deploy({ environmentId, version: '1.4.1' }));
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const replicas = async () => {
  const { inventory } = await operator.environment(environmentId);
  const wanted = inventory.services.find(({ serviceId }) => serviceId === API)?.replicas;
  return { wanted, running: runningWorkloads(platform.home).filter(({ serviceId }) => serviceId === API).length };
};

const apply = async (minReplicas: number, maxReplicas: number) =>
  await operator.rest.post<PolicyView>('/v1/runtime/scaling-policies', {
    ...{ environmentId, serviceId: API, target: 'aks', metric: 'cpu', minReplicas, maxReplicas },
    ...{ targetUtilizationPercent: 65, scaleToZero: false },
  });

const read = async (policyId: string) =>
  await operator.rest.get<PolicyView>(`/v1/runtime/scaling-policies/${policyId}`);

/** Deploys without saying how many replicas, unless told. */
async function deploy(version: string, asked?: number) {
  const [api, worker] = bothAt(version);
  const { replicas: _one, ...rest } = { replicas: 1, ...api };
  const components = [{ ...rest, ...(asked !== undefined && { replicas: asked }) }, worker] as never;
  const id = await operator.deploy({ environmentId, version, components });
  return await operator.ended(id);
}

describe('a scaling policy of a service that runs', () => {
  it('brings it within its bounds as a deployment that rolls nothing and fails no request', async () => {
    const load = startLoad(await operator.endpoint(environmentId, API), 2);
    const before = runningWorkloads(platform.home);
    const { status, body } = await apply(2, 3);
    expect(status).toBe(202);
    const ended = await operator.ended(body.deploymentId ?? '');
    expect(ended).toMatchObject({ status: 'Completed', failure: null, releaseRef: 'release-1.4.1' });
    expect(ended.components.map(({ moduleId, action }) => [moduleId, action])).toEqual([
      [WORKER, 'keep'],
      [API, 'scale'],
    ]);
    expect(await replicas()).toEqual({ wanted: 2, running: 2 });
    expect(runningWorkloads(platform.home)).toEqual(expect.arrayContaining(before));
    expect((await load.stop()).failures).toEqual([]);
  });

  it('clamps what a deployment asks for, and keeps the live count where it asks for nothing', async () => {
    expect((await deploy('1.4.2')).status).toBe('Completed');
    expect(await replicas()).toEqual({ wanted: 2, running: 2 });
    expect((await deploy('1.4.2', 9)).status).toBe('Completed');
    expect(await replicas()).toEqual({ wanted: 3, running: 3 });
    expect((await deploy('1.4.2', 1)).status).toBe('Completed');
    expect(await replicas()).toEqual({ wanted: 2, running: 2 });
  });

  it('is stored at once when the service is within its bounds', async () => {
    const { status, body } = await apply(1, 2);
    expect(status).toBe(200);
    expect((await read(body.policyId)).body).toMatchObject({ minReplicas: 1, maxReplicas: 2 });
    expect(await replicas()).toEqual({ wanted: 2, running: 2 });
  });

  it('goes back with the release that it was applied to', async () => {
    const { status, body } = await apply(1, 1);
    expect(status).toBe(202);
    expect((await operator.ended(body.deploymentId ?? '')).status).toBe('Completed');
    expect(await replicas()).toEqual({ wanted: 1, running: 1 });

    const back = await operator.rest.post<{ deploymentId: string }>(
      `/v1/runtime/deployments/${body.deploymentId ?? ''}/rollback`,
    );
    const ended = await operator.ended(back.body.deploymentId);
    expect(ended).toMatchObject({ status: 'Completed', releaseRef: 'release-1.4.2' });
    expect(await replicas()).toEqual({ wanted: 2, running: 2 });
    expect((await read(body.policyId)).body).toMatchObject({ minReplicas: 1, maxReplicas: 2 });
  });
});
