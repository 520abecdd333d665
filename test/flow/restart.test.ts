import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
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

describe('a platform that is stopped and started again', () => {
  it('leaves no process behind, and then runs and knows what it did before', async () => {
    const environmentId = await operator.provision('restart');
    const first = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
    await operator.ended(first);
    const before = {
      environment: await operator.environment(environmentId),
      deployment: await operator.deployment(first),
      endpoint: await operator.endpoint(environmentId, API),
    };
    const pids = runningWorkloads(platform.home).map(({ pid }) => pid);
    expect(pids).toHaveLength(3);

    await platform.platform.stop();
    expect(runningWorkloads(platform.home)).toEqual([]);
    await platform.startAgain();

    await until(() => runningWorkloads(platform.home).length === 3, { what: 'the replicas to run again' });
    await until(() => fetch(before.endpoint).then(({ ok }) => ok), { what: 'the endpoint to answer again' });
    expect(runningWorkloads(platform.home).map(({ serviceId }) => serviceId)).toEqual([WORKER, API, API]);
    expect({
      environment: await operator.environment(environmentId),
      deployment: await operator.deployment(first),
      endpoint: await operator.endpoint(environmentId, API),
    }).toEqual(before);
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
