/** SIGKILL of each process of the compute platform while requests flow. */
import { afterEach, describe, expect, test } from 'vitest';
import { startComputePlatform, WORKLOAD, type ComputePlatform } from '../_support/compute-platform.ts';
import { startLoad } from '../../local/demo/load.ts';
import { until } from '../_support/until.ts';
import { isSameProcess } from '../../local/process-identity.ts';
import { allHealthy, serve } from './serving.ts';
import { processesOf } from './processes-of.ts';

describe('SIGKILL', { timeout: 120_000 }, () => {
  let platform: ComputePlatform;
  afterEach(async () => await platform.stop(), 60_000);

  test('of the supervisor keeps the running replicas and fails no request', async () => {
    platform = await startComputePlatform();
    const { spec, endpoint } = await serve(platform, { replicas: 2 });
    const before = [platform.state(spec.revision, 0), platform.state(spec.revision, 1)];
    const load = startLoad(endpoint);
    for (let round = 0; round < 2; round += 1) {
      const answered = load.answered();
      await platform.supervisor.signal('SIGKILL');
      await until(() => load.answered() > answered + 50, { what: 'requests served without a supervisor' });
      await platform.supervisor.start();
    }
    const instances = await allHealthy(platform, spec);
    await platform.compute.ensure(spec, 1);
    const after = load.answered();
    await until(() => load.answered() > after + 50, { what: 'requests served after the restart' });
    const { failures, pids: served } = await load.stop();

    expect(failures).toEqual([]);
    expect(instances.map(({ restarts }) => restarts)).toEqual([0, 0]);
    expect([platform.state(spec.revision, 0), platform.state(spec.revision, 1)]).toEqual(before);
    expect(served).toEqual(new Set(before.map(({ workload }) => workload?.pid)));
    for (const { instanceId } of instances) expect(processesOf(platform.home, instanceId)).toHaveLength(1);
  });

  test('of the supervisor in the middle of ensure leaves each instance exactly once', async () => {
    platform = await startComputePlatform();
    const spec = await platform.spec({ replicas: 4 });
    const interrupted = platform.compute.ensure(spec, 1).catch(() => undefined);
    await until(() => platform.state(spec.revision, 0), { what: 'the first shim', everyMs: 5 });
    await platform.supervisor.signal('SIGKILL');
    await interrupted;
    await platform.supervisor.start();
    await platform.compute.ensure(spec, 2);
    const instances = await allHealthy(platform, spec);
    expect(instances.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3]);
    for (const { instanceId } of instances) expect(processesOf(platform.home, instanceId)).toHaveLength(1);
  });

  test('of the proxy brings the routes back at its restart, without a supervisor', async () => {
    platform = await startComputePlatform();
    const { endpoint } = await serve(platform, { replicas: 2 });
    await platform.supervisor.signal('SIGKILL');
    await platform.proxy.signal('SIGKILL');
    await expect(fetch(endpoint)).rejects.toThrow();
    await platform.proxy.start();
    expect((await fetch(endpoint)).status).toBe(200);
    await platform.supervisor.start();
    await expect(platform.compute.shiftTraffic(WORKLOAD, {}, 0)).rejects.toThrow('FenceRefused');
  });

  test('of a shim ends with exactly one workload, and the other replica serves', async () => {
    platform = await startComputePlatform();
    const { spec, endpoint } = await serve(platform, { replicas: 2 });
    const before = platform.state(spec.revision, 0);
    const load = startLoad(endpoint);
    process.kill(before.shim.pid, 'SIGKILL');
    const after = await until(
      () => {
        const state = platform.state(spec.revision, 0);
        return state.shim.pid !== before.shim.pid && state.status === 'running' && state;
      },
      { what: 'a new shim' },
    );
    const [instance] = await allHealthy(platform, spec);
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(after.restarts).toBe(1);
    expect(isSameProcess(before.workload?.pid ?? 0, before.workload?.startTime ?? '')).toBe(false);
    expect(processesOf(platform.home, instance?.instanceId ?? '')).toEqual([after.workload?.pid]);
  });

  test('of a workload starts it again, counts that, and fails no request', async () => {
    platform = await startComputePlatform();
    const { spec, endpoint } = await serve(platform, { replicas: 2 });
    const before = platform.state(spec.revision, 1);
    const load = startLoad(endpoint);
    await until(() => load.answered() > 20, { what: 'load' });
    process.kill(before.workload?.pid ?? 0, 'SIGKILL');
    await until(() => platform.state(spec.revision, 1).restarts === 1, { what: 'the restart' });
    const instances = await allHealthy(platform, spec);
    const answered = load.answered();
    await until(() => load.answered() > answered + 20, { what: 'load on both' });
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(instances.map(({ restarts }) => restarts)).toEqual([0, 1]);
    expect(instances[1]?.startedAtMs).toBeGreaterThan(before.startedAtMs);
    expect(platform.state(spec.revision, 1).shim).toEqual(before.shim);
  });

  test('of supervisor, shim and workload at once ends with each instance once', async () => {
    platform = await startComputePlatform();
    const { spec } = await serve(platform, { replicas: 2 });
    const first = platform.state(spec.revision, 0);
    await platform.supervisor.signal('SIGKILL');
    process.kill(first.shim.pid, 'SIGKILL');
    process.kill(platform.state(spec.revision, 1).workload?.pid ?? 0, 'SIGKILL');
    await platform.supervisor.start();
    await until(() => platform.state(spec.revision, 0).shim.pid !== first.shim.pid, { what: 'a new shim' });
    const instances = await allHealthy(platform, spec);
    for (const { instanceId } of instances) expect(processesOf(platform.home, instanceId)).toHaveLength(1);
    expect(instances.map(({ restarts }) => restarts)).toEqual([1, 1]);
  });
});
