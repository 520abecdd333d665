import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoad } from '../../local/demo/load.ts';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  environmentId = await operator.provision('kill-parts');
  const first = await operator.deploy({ environmentId, version: '1.4.1' });
  expect((await operator.ended(first)).status).toBe('Completed');
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

describe('in the middle of a rolling update', () => {
  it.each(['supervisor', 'proxy', 'api'] as const)(
    'a killed %s changes nothing: the update completes, every replica once',
    async (part) => {
      const endpoint = await operator.endpoint(environmentId, API);
      const image = (await operator.environment(environmentId)).inventory.services[0]?.image ?? '';
      const version = image.endsWith('1.4.1') ? '1.4.2' : '1.4.1';
      const load = startLoad(endpoint, 2);
      const id = await operator.deploy({ environmentId, version, components: bothAt(version, 2) });
      await operator.reached(id, 'begun to roll', ({ components }) =>
        components.some(({ status }) => status === 'Gating'),
      );
      platform.platform.children[part]?.kill('SIGKILL');
      await platform.platform.restart(part);
      expect(await operator.ended(id)).toMatchObject({ status: 'Completed', failure: null });
      const { failures } = await load.stop();
      // A killed proxy takes its connections with it; everything else may not cost a request.
      if (part !== 'proxy') expect(failures).toEqual([]);
      await until(() => fetch(endpoint).then((response) => response.ok), { what: `${endpoint} to answer` });
      const running = runningWorkloads(platform.home);
      expect(running.map(({ serviceId }) => serviceId)).toEqual([WORKER, API, API]);
      expect(new Set(running.map(({ instance }) => instance)).size).toBe(3);
    },
  );

  it('an API that is down costs no operation: what it accepted goes on without it', async () => {
    const id = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 1) });
    platform.platform.children.api?.kill('SIGKILL');
    await until(() => runningWorkloads(platform.home).length === 2, {
      what: 'the update to end with one replica each',
    });
    await platform.platform.restart('api');
    expect((await operator.ended(id)).status).toBe('Completed');
  });
});
