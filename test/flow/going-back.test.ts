import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoad } from '../../local/demo/load.ts';
import { FAILING, failingComponent, importFailingImage } from '../_support/failing.ts';
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
  await importFailingImage(platform.home);
  environmentId = await operator.provision('going-back');
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const running = () => runningWorkloads(platform.home).map(({ serviceId }) => serviceId);
const REFUSED = { healthyDeadlineSeconds: 3 };

describe('the first deployment of an environment', () => {
  it('leaves nothing behind when its gate refuses it', async () => {
    const id = await operator.deploy({ environmentId, version: '1.5.0', rollout: REFUSED });
    const ended = await operator.ended(id);
    expect(ended).toMatchObject({ status: 'RolledBack', failure: { code: 'HealthGateUnhealthy' } });
    expect(ended.components.map(({ status }) => status)).toEqual(['RolledBack', 'RolledBack']);
    expect(running()).toEqual([]);
    expect((await operator.environment(environmentId)).inventory.services).toEqual([]);
  });
});

describe('a deployment', () => {
  it('is not refused for a bake time longer than the healthy deadline', async () => {
    const rollout = { bakeSeconds: 4, healthyDeadlineSeconds: 3 };
    const id = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 3), rollout });
    expect(await operator.ended(id)).toMatchObject({ status: 'Completed', failure: null });
    expect(running()).toEqual([WORKER, API, API, API]);
  });

  it('keeps every replica that was there while it is refused, and fails no request', async () => {
    const load = startLoad(await operator.endpoint(environmentId, API), 2);
    const before = runningWorkloads(platform.home);
    const components = bothAt('1.5.0', 3);
    const id = await operator.deploy({ environmentId, version: '1.5.0', components, rollout: REFUSED });
    expect((await operator.ended(id)).status).toBe('RolledBack');
    const { failures, versions } = await load.stop();
    expect({ failures, versions: Object.keys(versions) }).toEqual({ failures: [], versions: ['1.4.1'] });
    expect(runningWorkloads(platform.home)).toEqual(before);
  });

  it('goes back when its time is up, although its gate would still wait', async () => {
    const before = runningWorkloads(platform.home);
    const rollout = { healthyDeadlineSeconds: 60, progressDeadlineSeconds: 10 };
    const id = await operator.deploy({ environmentId, version: '1.5.0', components: bothAt('1.5.0', 3), rollout });
    expect(await operator.ended(id)).toMatchObject({
      status: 'RolledBack',
      failure: { code: 'ProgressDeadlineExceeded' },
    });
    expect(runningWorkloads(platform.home)).toEqual(before);
  });

  it('leaves both revisions as they stand when it asked not to be rolled back, and the next one clears up', async () => {
    const rollout = { ...REFUSED, autoRollback: false };
    const id = await operator.deploy({ environmentId, version: '1.5.0', components: bothAt('1.5.0', 3), rollout });
    expect((await operator.ended(id)).status).toBe('Failed');
    expect(running()).toEqual([WORKER, WORKER, API, API, API, API]);
    const next = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 3) });
    expect((await operator.ended(next)).status).toBe('Completed');
    await until(() => running().length === 4, { what: 'the refused revision to be taken away' });
    expect(running()).toEqual([WORKER, API, API, API]);
  });

  it('asked for once more as it is live clears up beside it', async () => {
    const rollout = { ...REFUSED, autoRollback: false };
    const id = await operator.deploy({ environmentId, version: '1.5.0', components: bothAt('1.5.0', 3), rollout });
    expect((await operator.ended(id)).status).toBe('Failed');
    expect(running()).toEqual([WORKER, WORKER, API, API, API, API]);
    const same = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 3) });
    const ended = await operator.ended(same);
    expect(ended.components.map(({ action, status }) => `${action} ${status}`)).toEqual([
      'keep Unchanged',
      'keep Unchanged',
    ]);
    expect(running()).toEqual([WORKER, API, API, API]);
  });

  it('that prunes takes away what it does not name, and its rollback brings it back', async () => {
    const [api] = bothAt('1.4.1', 1);
    const { status, body } = await operator.rest.post<{ deploymentId: string }>('/v1/runtime/deployments', {
      environmentId,
      releaseRef: 'release-without-billing',
      components: [api],
      prune: true,
      rollout: { minHealthySeconds: 1 },
    });
    expect(status).toBe(202);
    const pruned = await operator.ended(body.deploymentId);
    expect(pruned.status).toBe('Completed');
    const { inventory } = await operator.environment(environmentId);
    expect(inventory.services.map(({ serviceId }) => serviceId)).toEqual([API]);
    await operator.reached(body.deploymentId, 'retired the unnamed', ({ components }) =>
      components.some((component) => component.moduleId === WORKER && component.status === 'Retired'),
    );
    expect(running()).toEqual([API]);

    const path = `/v1/runtime/deployments/${body.deploymentId}/rollback`;
    const back = await operator.rest.post<{ deploymentId: string }>(path);
    expect((await operator.ended(back.body.deploymentId)).status).toBe('Completed');
    expect(running()).toEqual([WORKER, API, API, API]);
  });

  it('never sends a request to a replica that did not pass, while it goes back from more of them', async () => {
    const replicas = (fails?: 'is-sick') =>
      failingComponent({
        ...(fails && { fails }),
        from: 2,
        replicas: fails ? 4 : 2,
        text: '{"version":"any","pid":0}',
      });
    const before = await operator.deploy({ environmentId, version: '1.0.0', components: [replicas()] });
    expect((await operator.ended(before)).status).toBe('Completed');
    const load = startLoad(await operator.endpoint(environmentId, FAILING), 2);
    const id = await operator.deploy({
      environmentId,
      version: '1.0.1',
      components: [replicas('is-sick')],
      rollout: { healthyDeadlineSeconds: 8 },
    });
    expect(await operator.ended(id)).toMatchObject({ status: 'RolledBack', failure: { code: 'HealthGateUnhealthy' } });
    expect((await load.stop()).failures).toEqual([]);
  });
});
