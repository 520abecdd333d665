import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoad } from '../../local/demo/load.ts';
import { API, WORKER, bothAt, openOperator, type Component, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;

const COMMAND = { bakeSeconds: 0, promotion: 'command' };

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  environmentId = await operator.provision('strategies');
  const id = await operator.deploy({ environmentId, version: '1.4.1', components: api('1.4.1') });
  expect((await operator.ended(id)).status).toBe('Completed');
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const api = (version: string) => bothAt(version, 2).slice(0, 1);
const deploy = (version: string, strategy: string, steps: object[]) =>
  operator.deploy({ environmentId, version, components: api(version), strategy, rollout: { maxParallel: 2, steps } });
const waits = (id: string) =>
  operator.reached(id, 'come to a step', ({ waitingOn }) => waitingOn?.reference === 'promote');
const running = () => runningWorkloads(platform.home);
/** What runs once nothing is left of what was replaced. */
async function settled() {
  await until(() => running().length === 2, { what: 'what was replaced to be gone' });
  return running();
}

/** The versions that answer now, of so many requests. */
async function versionsNow(requests = 60): Promise<Record<string, number>> {
  const load = startLoad(await operator.endpoint(environmentId, API), 2);
  await until(() => load.answered() >= requests, { what: `${requests} answers` });
  const { failures, versions } = await load.stop();
  expect(failures).toEqual([]);
  return versions;
}

describe('a canary', () => {
  it('takes its share beside all that ran before, waits, and is all of it when it is promoted', async () => {
    const before = await settled();
    const id = await deploy('1.4.2', 'Canary', [{ weightPercent: 50, ...COMMAND }]);
    expect(await waits(id)).toMatchObject({ status: 'RollingOut', step: 0, stepsPassed: 0 });
    // One new replica, and every old one.
    expect(running()).toEqual(expect.arrayContaining(before));
    expect(running()).toHaveLength(before.length + 1);
    expect(Object.keys(await versionsNow()).sort()).toEqual(['1.4.1', '1.4.2']);
    expect(await operator.command(id, 'promote')).toBe(200);
    expect(await operator.ended(id)).toMatchObject({ status: 'Completed', stepsPassed: 1, waitingOn: null });
    expect(Object.keys(await versionsNow())).toEqual(['1.4.2']);
  });

  it('that is aborted at a step leaves exactly what ran before', async () => {
    const before = await settled();
    const id = await deploy('1.4.1', 'Canary', [{ weightPercent: 10, ...COMMAND }]);
    await waits(id);
    expect(await operator.command(id, 'abort')).toBe(200);
    expect(await operator.ended(id)).toMatchObject({ status: 'RolledBack', failure: { code: 'OperationAborted' } });
    expect(running()).toEqual(before);
    expect(Object.keys(await versionsNow())).toEqual(['1.4.2']);
  });

  it('that is not healthy never gets any traffic', async () => {
    const before = await settled();
    const load = startLoad(await operator.endpoint(environmentId, API), 2);
    const components = api('1.5.0');
    const rollout = { healthyDeadlineSeconds: 3, steps: [{ weightPercent: 10 }] };
    const id = await operator.deploy({ environmentId, version: '1.5.0', components, strategy: 'Canary', rollout });
    expect(await operator.ended(id)).toMatchObject({ status: 'RolledBack', failure: { code: 'HealthGateUnhealthy' } });
    const { failures, versions } = await load.stop();
    expect({ failures, versions: Object.keys(versions) }).toEqual({ failures: [], versions: ['1.4.2'] });
    expect(running()).toEqual(before);
  });

  it('goes on by itself when its time at a step is over', async () => {
    const id = await deploy('1.4.1', 'Canary', [{ weightPercent: 50, bakeSeconds: 2, promotion: 'gate' }]);
    const ended = await operator.ended(id);
    expect(ended).toMatchObject({ status: 'Completed', stepsPassed: 1 });
  });
});

describe('blue and green', () => {
  it('shows the new one to nobody until it is promoted, then to everybody, and the old one goes', async () => {
    const before = await settled();
    const id = await deploy('1.4.2', 'BlueGreen', [{ weightPercent: 0, ...COMMAND }]);
    await waits(id);
    expect(running()).toEqual(expect.arrayContaining(before));
    expect(running()).toHaveLength(2 * before.length);
    const load = startLoad(await operator.endpoint(environmentId, API), 2);
    await until(() => load.answered() >= 60, { what: '60 answers of the old one' });
    expect(Object.keys(await versionsNow())).toEqual(['1.4.1']);
    expect(await operator.command(id, 'promote')).toBe(200);
    expect((await operator.ended(id)).status).toBe('Completed');
    expect((await load.stop()).failures).toEqual([]);
    expect(Object.keys(await versionsNow())).toEqual(['1.4.2']);
    await settled();
  });
});

describe('a component that only gets more replicas', () => {
  it('gets them when the others have gone through their steps, and is watched then', async () => {
    const [api, worker] = bothAt('1.4.1', 2);
    const components = (replicas: number) => [{ ...worker, replicas }] as Component[];
    const first = await operator.deploy({ environmentId, version: '1.4.1', components: components(1) });
    expect((await operator.ended(first)).status).toBe('Completed');
    const rollout = { steps: [{ weightPercent: 50, bakeSeconds: 2 }] };
    const id = await operator.deploy({
      ...{ environmentId, version: '1.4.1', strategy: 'Canary', rollout },
      components: [...(api ? [api] : []), ...components(3)],
    });
    const ended = await operator.ended(id);
    expect(ended).toMatchObject({ status: 'Completed', stepsPassed: 1, failure: null });
    const grown = ended.components.find(({ moduleId }) => moduleId === WORKER);
    expect(grown).toMatchObject({ action: 'scale', status: 'Live', replicasReady: 3 });
  });
});
