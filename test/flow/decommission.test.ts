import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import type { DeploymentView, EnvironmentView } from '../../local/demo/views.ts';
import { NOTHING, placesOf } from '../_support/environment-places.ts';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';

interface Told extends EnvironmentView {
  failure: { code: string; message: string; leftovers?: { kind: string; name: string }[] } | null;
}

let platform: TestPlatform;
let operator: Operator;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const running = () => runningWorkloads(platform.home).map(({ serviceId }) => serviceId);
const read = async (environmentId: string) => (await operator.environment(environmentId)) as Told;

async function decommission(environmentId: string, body: Record<string, unknown> = {}): Promise<string> {
  const path = `/v1/runtime/environments/${environmentId}/decommission`;
  const reply = await operator.rest.post<{ operationId: string }>(path, body);
  expect({ status: reply.status, body: reply.body }).toMatchObject({ status: 202 });
  return reply.body.operationId;
}

async function reached(environmentId: string, status: string): Promise<Told> {
  const at = async () => {
    const now = await read(environmentId);
    return now.status === status ? now : null;
  };
  return await until(at, { what: `${environmentId} to be ${status}`, timeoutMs: 90_000 });
}

describe('a decommission', () => {
  let environmentId: string;
  let deployed: DeploymentView;

  it('takes away all that there is, and lets a request in flight end', async () => {
    environmentId = await operator.provision('goes-away');
    const id = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
    deployed = await operator.ended(id);
    expect(running()).toEqual([WORKER, API, API]);
    const before = await placesOf(platform, environmentId);
    expect(before).toMatchObject({ folders: 1, portBlocks: 1, vaults: 1, roles: 1 });
    expect(before.stackFiles).toBeGreaterThan(0);
    const endpoint = await operator.endpoint(environmentId, API);
    const slow = fetch(`${endpoint}/?delayMs=3000`);
    const began = await Promise.race([slow.then(() => 'answered'), decommission(environmentId)]);
    expect(began).toMatch(/^op-/);
    expect((await slow).status).toBe(200);

    const gone = await reached(environmentId, 'Decommissioned');
    expect(gone).toMatchObject({ failure: null, inventory: { services: [], deploymentId: null } });
    expect(running()).toEqual([]);
    expect(await placesOf(platform, environmentId)).toEqual(NOTHING);
    await expect(fetch(endpoint)).rejects.toThrow();
  });

  it('leaves its history to be read', async () => {
    expect(await operator.deployment(deployed.deploymentId)).toEqual(deployed);
    const { status, body } = await operator.rest.post<{ code: string }>('/v1/runtime/deployments', {
      ...{ environmentId, releaseRef: 'too-late', components: bothAt('1.4.1') },
    });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'EnvironmentNotReady' });
  });

  it('frees its name: another environment of that name is another one', async () => {
    const other = await operator.provision('goes-away');
    expect(other).not.toBe(environmentId);
    const id = await operator.deploy({ environmentId: other, version: '1.4.2' });
    expect((await operator.ended(id)).status).toBe('Completed');
    expect((await read(environmentId)).status).toBe('Decommissioned');
    await decommission(other);
    await reached(other, 'Decommissioned');
    expect(running()).toEqual([]);
  });

  it('waits for the deployment before it, lets none in behind it, and says to operators what it is', async () => {
    const busy = await operator.provision('busy');
    const id = await operator.deploy({ environmentId: busy, version: '1.4.1', rollout: { bakeSeconds: 3 } });
    const operationId = await decommission(busy);
    expect(await decommission(busy)).toBe(operationId);
    const late = await operator.rest.post<{ code: string }>('/v1/runtime/deployments', {
      ...{ environmentId: busy, releaseRef: 'behind', components: bothAt('1.4.2') },
    });
    expect({ status: late.status, code: late.body.code }).toEqual({ status: 409, code: 'EnvironmentNotReady' });
    await reached(busy, 'Decommissioned');
    expect((await operator.deployment(id)).status).toBe('Completed');
    const { client, connection } = openTemporal(platform.config.temporal);
    const told = await client.workflow.getHandle(operationId).describe();
    expect(await told.staticSummary()).toBe('decommission busy');
    await connection.close();
  });

  it('of an environment that is still being made comes after its provision', async () => {
    const { body } = await operator.rest.post<{ environmentId: string }>('/v1/runtime/environments', {
      ...{ projectId: 'proj-booking-saas', name: 'called-off', stage: 'dev', region: 'westeurope' },
      ...{ isolationModel: 'silo', computeTargets: ['aks'] },
    });
    await decommission(body.environmentId);
    await reached(body.environmentId, 'Decommissioned');
    expect(await placesOf(platform, body.environmentId)).toEqual(NOTHING);
  });

  it('that cannot be brought to its end says what is left, and the next one takes it away', async () => {
    const blocked = await operator.provision('blocked');
    await operator.ended(await operator.deploy({ environmentId: blocked, version: '1.4.1' }));
    platform.platform.children.supervisor?.kill('SIGKILL');
    const operationId = await decommission(blocked, { progressDeadlineSeconds: 10 });
    const told = await reached(blocked, 'DecommissionBlocked');
    expect(told.failure).toMatchObject({
      code: 'ProgressDeadlineExceeded',
      message: expect.stringContaining('ComputeUnavailable'),
      leftovers: [
        { kind: 'unknown', name: 'the services: ComputeUnavailable' },
        { kind: 'stack', name: 'blocked' },
        ...['Folder', 'PortRange', 'Database', 'VaultNamespace'].map((type) => ({
          kind: 'resource',
          name: `slipway:local:${type}`,
        })),
      ],
    });
    const operation = await operator.rest.get<Told>(`/v1/runtime/operations/${operationId}`);
    expect(operation.body).toMatchObject({ kind: 'decommission', status: 'Failed', failure: told.failure });

    await platform.platform.restart('supervisor');
    expect(await decommission(blocked)).not.toBe(operationId);
    await reached(blocked, 'Decommissioned');
    expect(running()).toEqual([]);
    expect(await placesOf(platform, blocked)).toEqual(NOTHING);
  });
});
