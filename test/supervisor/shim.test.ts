/** What a shim and its supervisor keep about one replica. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isSameProcess } from '../../local/process-identity.ts';
import { NOT_NEEDED } from '../../local/supervisor/shim/shim.ts';
import { startComputePlatform, WORKLOAD, type ComputePlatform } from '../_support/compute-platform.ts';
import { freePort } from '../_support/free-port.ts';
import { until } from '../_support/until.ts';
import { allHealthy, serve } from './serving.ts';
import { processesOf } from './processes-of.ts';

const ROOT = join(import.meta.dirname, '..', '..');

describe('a shim', { timeout: 120_000 }, () => {
  let platform: ComputePlatform;
  beforeAll(async () => {
    platform = await startComputePlatform();
  }, 60_000);
  afterAll(async () => await platform.stop(), 60_000);

  test('ends at once when another one runs its instance', async () => {
    const spec = await platform.spec({ revision: 'locked' });
    await platform.compute.ensure(spec, 1);
    const [instance] = await allHealthy(platform, spec);
    const before = platform.state('locked', 0);
    const second = spawn(process.execPath, [join(ROOT, 'bin/shim.ts'), platform.instanceFolder('locked', 0)]);
    const [code] = (await once(second, 'exit')) as [number];
    expect(code).toBe(NOT_NEEDED);
    expect(platform.state('locked', 0)).toEqual(before);
    expect(processesOf(platform.home, instance?.instanceId ?? '')).toEqual([before.workload?.pid]);
  });

  test('starts a workload that keeps crashing again after growing pauses', async () => {
    await platform.importImage({
      reference: 'local/crasher:1.0.0',
      source: join(import.meta.dirname, 'images', 'echo'),
      config: { entrypoint: ['node', '-e', 'console.log("boom at " + Date.now()); process.exitCode = 3'], env: {} },
    });
    await platform.compute.ensure(await platform.spec({ revision: 'crashing', image: 'local/crasher:1.0.0' }), 1);
    const options = { revision: 'crashing', tail: 10, follow: false, signal: new AbortController().signal };
    const times = await until(
      async () => {
        const starts: number[] = [];
        for await (const { line } of platform.compute.logs(WORKLOAD, options))
          starts.push(Number(line.split(' ').at(-1)));
        return starts.length >= 5 && starts;
      },
      { what: 'five starts' },
    );
    const instances = await platform.compute.instances(WORKLOAD);
    const crashing = instances.find(({ revision }) => revision === 'crashing');
    expect(crashing?.lastExitCode).toBe(3);
    expect(crashing?.restarts).toBeGreaterThanOrEqual(4);
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // 100, 200, 400, 800 ms, and the time to start.
    expect(pauses[3]).toBeGreaterThan(800);
    await platform.compute.retire(WORKLOAD, 'crashing', 1);
  });

  test('gives the workload no variable of the supervisor, and keeps what it wrote to its owner', async () => {
    const source = join(import.meta.dirname, 'images', 'echo');
    const config = { entrypoint: ['node', 'server.mjs'], env: { FROM_IMAGE: 'image', BOTH: 'image' } };
    await platform.importImage({ reference: 'local/echo:1.0.0', source, config });
    const spec = await platform.spec({
      revision: 'env',
      image: 'local/echo:1.0.0',
      env: { BOTH: 'spec', PORT: '1', SLIPWAY_INSTANCE: 'forged' },
      files: { 'a/b.txt': 'x' },
      health: { kind: 'tcp' },
    });
    await platform.compute.ensure(spec, 1);
    const [instance] = await allHealthy(platform, spec);
    const env = (await (await fetch(`http://${instance?.address}/env`)).json()) as Record<string, string>;
    expect(Object.keys(env).sort()).toEqual([
      ...['BOTH', 'FROM_IMAGE', 'HOME', 'LANG', 'PATH', 'PORT', 'PWD', 'SLIPWAY_CONFIG_DIR'],
      ...['SLIPWAY_INSTANCE', 'SLIPWAY_REVISION', 'SLIPWAY_SERVICE'],
    ]);
    expect(env).toMatchObject({ BOTH: 'spec', SLIPWAY_INSTANCE: instance?.instanceId, SLIPWAY_REVISION: 'env' });
    const folder = platform.instanceFolder('env', 0);
    for (const file of ['instance.json', 'config/a/b.txt', 'workload.log', 'state.json']) {
      expect((await stat(join(folder, file))).mode & 0o077).toBe(0);
    }
  });

  test('takes no more replicas than there are ports, and changes nothing then', async () => {
    const before = await platform.compute.instances(WORKLOAD);
    const placement = { portBase: platform.placement.portBase, portCount: 4 };
    const many = await platform.spec({ revision: 'many', replicas: 50, placement });
    await expect(platform.compute.ensure(many, 1)).rejects.toThrow('PortsExhausted');
    expect(await platform.compute.instances(WORKLOAD)).toEqual(before);
  });
});

describe('a supervisor', { timeout: 120_000 }, () => {
  test('that is stopped leaves the replicas running by default', async () => {
    const platform = await startComputePlatform();
    try {
      const { spec, endpoint } = await serve(platform, { replicas: 1 });
      const before = platform.state(spec.revision, 0);
      await platform.supervisor.signal('SIGTERM');
      expect((await fetch(endpoint)).status).toBe(200);
      await platform.supervisor.start();
      await allHealthy(platform, spec);
      expect(platform.state(spec.revision, 0)).toEqual(before);
    } finally {
      await platform.stop();
    }
  });

  test('that is stopped with ON_STOP=stop leaves no process, and the replicas come back at the next start', async () => {
    const platform = await startComputePlatform({ SLIPWAY_SUPERVISOR_ON_STOP: 'stop' });
    try {
      const { spec, endpoint } = await serve(platform, { replicas: 2 });
      const states = [platform.state(spec.revision, 0), platform.state(spec.revision, 1)];
      await platform.supervisor.signal('SIGTERM');
      for (const { shim, workload } of states) {
        expect(isSameProcess(shim.pid, shim.startTime)).toBe(false);
        expect(isSameProcess(workload?.pid ?? 0, workload?.startTime ?? '')).toBe(false);
      }
      await platform.supervisor.start();
      const instances = await allHealthy(platform, spec);
      expect(instances.map(({ restarts }) => restarts)).toEqual([0, 0]);
      expect((await fetch(endpoint)).status).toBe(200);
    } finally {
      await platform.stop();
    }
  });

  test('is the only one that works on its home', async () => {
    const platform = await startComputePlatform();
    try {
      const env = { SLIPWAY_HOME: platform.home, SLIPWAY_SUPERVISOR_PORT: String(await freePort()) };
      const second = spawn(process.execPath, [join(ROOT, 'bin/supervisor.ts')], {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const said = text(second.stderr);
      const [code] = (await once(second, 'exit')) as [number];
      expect([code, await said]).toEqual([1, expect.stringContaining('Another supervisor already works on')]);
    } finally {
      await platform.stop();
    }
  });
});
