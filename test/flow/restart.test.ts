import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../db/client.ts';
import { eventsAfter } from '../../db/events.ts';
import type { EnvironmentId } from '../../domain/ids.ts';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';

const TENANT = 'connectsoft';

let platform: TestPlatform;
let operator: Operator;

/** Of what happened in an environment since it had this revision. */
async function typesSince(environmentId: string, revision: number): Promise<string[]> {
  await using db = openDatabase({ url: platform.config.databaseUrl });
  const key = { tenantId: TENANT, environmentId: environmentId as EnvironmentId };
  const rows = await db.forTenant(TENANT, (tx) => eventsAfter(tx, key, revision, { limit: 1_000 }));
  return rows.map(({ type }) => type);
}

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

describe('a platform that is stopped and started again', () => {
  it('leaves no process behind, and then runs and knows what it did before', async () => {
    const environmentId = await operator.provision('restart');
    const first = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
    await operator.ended(first);
    const known = async () => ({
      environment: await operator.environment(environmentId),
      deployment: await operator.deployment(first),
      endpoint: await operator.endpoint(environmentId, API),
    });
    const before = await known();
    const pids = runningWorkloads(platform.home).map(({ pid }) => pid);
    expect(pids).toHaveLength(3);

    await platform.platform.stop();
    expect(runningWorkloads(platform.home)).toEqual([]);
    await platform.startAgain();

    await until(() => runningWorkloads(platform.home).length === 3, { what: 'the replicas to run again' });
    await until(() => fetch(before.endpoint).then(({ ok }) => ok), { what: 'the endpoint to answer again' });
    expect(runningWorkloads(platform.home).map(({ serviceId }) => serviceId)).toEqual([WORKER, API, API]);
    // The prober may have looked while nothing ran, and then again: what it tells is all that has happened since.
    const { inventory } = before.environment;
    expect(await known()).toEqual({
      ...before,
      environment: {
        ...before.environment,
        inventory: { ...inventory, revision: expect.any(Number) },
        updatedAt: expect.any(String),
      },
    });
    expect((await typesSince(environmentId, inventory.revision)).filter((type) => type !== 'service.health')).toEqual(
      [],
    );
    const next = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 2) });
    expect((await operator.ended(next)).status).toBe('Completed');
  });

  it('goes on with an operation that was under way', async () => {
    const environmentId = await operator.provision('restart-under-way');
    const id = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
    await operator.reached(id, 'begun to roll', ({ components }) =>
      components.some(({ status }) => status === 'Gating'),
    );
    await platform.startAgain();
    expect(await operator.ended(id)).toMatchObject({ status: 'Completed', failure: null });
  });
});
