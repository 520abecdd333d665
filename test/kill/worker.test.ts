import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoad } from '../../local/demo/load.ts';
import type { DeploymentView } from '../../local/demo/views.ts';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { runningWorkloads } from '../_support/workloads.ts';

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;
let endpoint: string;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  environmentId = await operator.provision('kill-worker');
  const first = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
  expect((await operator.ended(first)).status).toBe('Completed');
  endpoint = await operator.endpoint(environmentId, API);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const component = ({ components }: DeploymentView, id: string) => components.find(({ moduleId }) => moduleId === id);

async function killWorker(): Promise<void> {
  platform.platform.children.worker?.kill('SIGKILL');
  await platform.platform.restart('worker');
}

/** What runs is exactly what the release asks for: two replicas of the one service, one of the other, nothing twice. */
function expectExactlyTheRelease(): void {
  const running = runningWorkloads(platform.home);
  expect(running.map(({ serviceId }) => serviceId)).toEqual([WORKER, API, API]);
  expect(new Set(running.map(({ instance }) => instance)).size).toBe(3);
  expect(new Set(running.filter(({ serviceId }) => serviceId === API).map(({ revision }) => revision)).size).toBe(1);
}

/** Points in the middle of a rolling update of two replicas, as the rows show them. */
const POINTS: [string, (deployment: DeploymentView) => boolean][] = [
  ['while the first new replica is judged', (deployment) => component(deployment, API)?.status === 'Gating'],
  ['after the first new replica took over', (deployment) => component(deployment, API)?.replicasReady === 1],
  ['while everything is judged once more', (deployment) => deployment.status === 'HealthGating'],
];

describe('a worker that is killed', () => {
  it.each(POINTS)(
    'loses nothing %s: the update completes, every replica once, no request fails',
    async (what, point) => {
      const live = (await operator.environment(environmentId)).inventory.services.find(
        ({ serviceId }) => serviceId === API,
      );
      const version = live?.image.endsWith('1.4.1') ? '1.4.2' : '1.4.1';
      const load = startLoad(endpoint, 2);
      const id = await operator.deploy({
        environmentId,
        version,
        components: bothAt(version, 2),
        rollout: { bakeSeconds: 2 },
      });
      await operator.reached(id, what, point);
      await killWorker();
      const ended = await operator.ended(id);
      const { failures } = await load.stop();
      expect(ended).toMatchObject({ status: 'Completed', failure: null });
      expect(failures).toEqual([]);
      expectExactlyTheRelease();
    },
  );

  it('loses nothing while a refused release goes back: it is rolled back, and no request fails', async () => {
    const before = (await operator.environment(environmentId)).inventory.services;
    const load = startLoad(endpoint, 2);
    const components = bothAt('1.5.0', 2);
    const id = await operator.deploy({
      environmentId,
      version: '1.5.0',
      components,
      rollout: { healthyDeadlineSeconds: 3 },
    });
    await operator.reached(id, 'begun to go back', ({ status }) => status === 'RollingBack' || status === 'RolledBack');
    await killWorker();
    expect((await operator.ended(id)).status).toBe('RolledBack');
    expect((await load.stop()).failures).toEqual([]);
    expect((await operator.environment(environmentId)).inventory.services).toEqual(before);
    expectExactlyTheRelease();
  });
});
