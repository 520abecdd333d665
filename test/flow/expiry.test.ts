import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import type { EnvironmentView } from '../../local/demo/views.ts';
import { NOTHING, placesOf } from '../_support/environment-places.ts';
import { API, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';

let platform: TestPlatform;
let operator: Operator;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const pathOf = (environmentId: string) => `/v1/runtime/environments/${environmentId}`;
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
const expiresAt = async (environmentId: string, at: string | null) => {
  const { status } = await operator.rest.patch<EnvironmentView>(pathOf(environmentId), { expiresAt: at });
  expect(status).toBe(200);
};
const running = () => runningWorkloads(platform.home).map(({ serviceId }) => serviceId);
const reached = (environmentId: string, status: string) =>
  until(async () => (await operator.environment(environmentId)).status === status, {
    what: `${environmentId} to be ${status}`,
    timeoutMs: 90_000,
  });
const decommissions = async (environmentId: string) => {
  const path = `/v1/runtime/operations?environmentId=${environmentId}&kind=decommission`;
  return (await operator.rest.get<{ items: Record<string, string>[] }>(path)).body.items;
};

describe('an environment with an expiry', () => {
  it('is taken away with all that runs in it once its time has come, and not before', async () => {
    const environmentId = await operator.provision('short-lived');
    const deployed = await operator.ended(await operator.deploy({ environmentId, version: '1.4.1' }));
    expect(deployed.status).toBe('Completed');
    expect(running()).toContain(API);
    const at = inSeconds(8);
    await expiresAt(environmentId, at);
    await reached(environmentId, 'Decommissioned');
    expect(running()).toEqual([]);
    expect(await placesOf(platform, environmentId)).toEqual(NOTHING);
    const operations = await decommissions(environmentId);
    expect(operations).toMatchObject([{ status: 'Succeeded' }]);
    expect(Date.parse(operations[0]?.acceptedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(at));
  });

  it('is taken away after the deployment that is under way', async () => {
    const environmentId = await operator.provision('busy');
    await expiresAt(environmentId, inSeconds(4));
    const id = await operator.deploy({ environmentId, version: '1.4.1', rollout: { bakeSeconds: 30 } });
    const [waiting] = await until(
      async () => {
        const accepted = await decommissions(environmentId);
        return accepted.length > 0 && accepted;
      },
      { what: 'the expiry to be accepted' },
    );
    expect(waiting?.status).toBe('Accepted');
    expect((await operator.deployment(id)).endedAt).toBeNull();
    expect((await operator.ended(id)).status).toBe('Completed');
    await reached(environmentId, 'Decommissioned');
    expect(await decommissions(environmentId)).toHaveLength(1);
    expect(running()).toEqual([]);
  });

  it('stays when its time is moved before it has come, and costs no sweep while that is far away', async () => {
    const kept = await operator.provision('kept');
    const other = await operator.provision('not-kept');
    await operator.ended(await operator.deploy({ environmentId: kept, version: '1.4.1' }));
    await expiresAt(kept, inSeconds(6));
    await expiresAt(other, inSeconds(7));
    await expiresAt(kept, '2100-01-01T00:00:00Z');
    // Its own time would have come before that of the other.
    await reached(other, 'Decommissioned');
    const { client, connection } = openTemporal(platform.config.temporal);
    const sweep = client.workflow.getHandle('sweep/expiry');
    await until(async () => (await sweep.describe()).status.name === 'COMPLETED', { what: 'the sweep to end' });
    await connection.close();
    expect(await decommissions(kept)).toEqual([]);
    expect((await operator.environment(kept)).status).toBe('Ready');
    expect(running()).toContain(API);
  });
});
