/** A service that moves on a real target, under load: who serves has passed the gate, and there are never fewer than before. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restore, rollForward, type Progress, type Rolling } from '../../activities/rolling.ts';
import { DEFAULT_ROLLOUT } from '../../domain/rollout.ts';
import { revisionOf, type SnapshotService } from '../../domain/snapshot.ts';
import { ROLLING, stagesOf, stepsOf } from '../../domain/strategy.ts';
import { startLoad } from '../../local/demo/load.ts';
import type { ComputeTarget } from '../../providers/compute/port.ts';
import { aroundCalls } from '../_support/around-calls.ts';
import { HTTP_HEALTH, startComputePlatform, WORKLOAD, type ComputePlatform } from '../_support/compute-platform.ts';
import { failingComponent, importFailingImage, type Ways } from '../_support/failing.ts';

const ENVIRONMENT = { tenantId: WORKLOAD.tenantId, environmentId: WORKLOAD.environmentId };

let platform: ComputePlatform;
let fence = 0;
beforeAll(async () => {
  platform = await startComputePlatform();
  await importFailingImage(platform.home);
});
afterAll(async () => await platform?.stop());

/** A release of a service, that answers with its version. */
async function release(serviceId: string, version: string, ways: Ways): Promise<SnapshotService> {
  const text = JSON.stringify({ version, pid: 0 });
  const { image, env = {}, replicas = 1 } = failingComponent({ ...ways, text });
  const { digest } = await platform.compute.resolve(image);
  const service: Omit<SnapshotService, 'revision'> = {
    ...{ serviceId, image, digest, env, replicas, target: 'aks', port: null, health: HTTP_HEALTH },
    ...{ resources: {}, dependsOn: [], configurationId: null, configurationHash: null },
  };
  return { ...service, revision: revisionOf(service) };
}

interface Change {
  maxParallel?: number;
  healthyDeadlineSeconds?: number;
  compute?: ComputeTarget;
  told?: Progress[];
}

/** Time for those that get healthy, also on a machine that is busy. */
const REFUSING: Change = { healthyDeadlineSeconds: 8 };

/** As an attempt has it. */
function rollingOf({
  maxParallel = 1,
  healthyDeadlineSeconds = 60,
  compute = platform.compute,
  told = [],
}: Change = {}): Rolling {
  const own = (fence += 1);
  return {
    ...{ compute, environment: ENVIRONMENT },
    policy: { ...DEFAULT_ROLLOUT, maxParallel, minHealthySeconds: 0, healthyDeadlineSeconds },
    attempt: {
      fence: own,
      signal: new AbortController().signal,
      check: () => Promise.resolve(),
      pause: (ms) => delay(ms),
    },
    specOf: ({ serviceId, revision, image, digest, port, health, env }, replicas) => ({
      ...{ workload: { ...ENVIRONMENT, serviceId }, revision, image, digest, replicas, port, health, env },
      ...{ files: {}, placement: platform.placement },
    }),
    report: (_serviceId, progress) => Promise.resolve(void told.push(progress)),
  };
}

const observe = () => platform.compute.observe(ENVIRONMENT);

/** To how many replicas of the service requests go. */
async function serving(serviceId: string): Promise<number> {
  const routed = (await observe()).find((service) => service.serviceId === serviceId)?.routed ?? {};
  return Object.values(routed).reduce((sum, count) => sum + count, 0);
}

/** It runs, alone, and is asked without pause. */
async function live(service: SnapshotService) {
  const rolling = rollingOf({ maxParallel: service.replicas });
  await rollForward(rolling, { from: null, to: service });
  const workload = { ...ENVIRONMENT, serviceId: service.serviceId };
  const weights = { [service.revision]: 100 };
  const { endpoint } = await platform.compute.shiftTraffic(workload, weights, rolling.attempt.fence);
  return startLoad(endpoint, 4);
}

async function goBack(from: SnapshotService, to: SnapshotService, compute?: ComputeTarget): Promise<void> {
  await restore(rollingOf({ compute }), to.serviceId, {
    ...{ to, sinceMs: Date.now(), first: 'floor', observed: await observe() },
    leaving: { from, secondsLeft: 60 },
  });
}

describe('going back', () => {
  it.each([
    [3, 3],
    [4, 2],
  ])(
    'from %i replicas to %i, of which the last never passes, keeps as many as before and fails nobody',
    async (were, are) => {
      const serviceId = `refused-${were}-${are}`;
      const before = await release(serviceId, 'before', { replicas: were });
      const refused = await release(serviceId, 'refused', { replicas: are, fails: 'is-sick', from: are - 1 });
      const load = await live(before);
      const counts: number[] = [];
      const counted = aroundCalls(
        platform.compute,
        ['ensure', 'scale', 'shiftTraffic', 'retire'],
        async (_call, _about, go) => {
          const answer = await go();
          counts.push(await serving(serviceId));
          return answer;
        },
      );
      const forward = rollForward(rollingOf({ ...REFUSING, compute: counted }), { from: before, to: refused });
      await expect(forward).rejects.toMatchObject({ failure: { code: 'HealthGateUnhealthy' } });
      await goBack(refused, before, counted);
      const { failures, versions } = await load.stop();
      expect({ failures, versions: Object.keys(versions) }).toEqual({ failures: [], versions: ['before', 'refused'] });
      expect(Math.min(...counts)).toBe(were);
      expect(await serving(serviceId)).toBe(were);
    },
  );

  it('keeps those that serve when the worker died before it had said that they do', async () => {
    const before = await release('unsaid', 'before', { replicas: 2 });
    const after = await release('unsaid', 'after', { replicas: 2 });
    const load = await live(before);
    const dying = aroundCalls(platform.compute, ['scale'], async (_call, _about, go) => {
      await go();
      throw new Error('the worker died');
    });
    await expect(
      rollForward(rollingOf({ maxParallel: 2, compute: dying }), { from: before, to: after }),
    ).rejects.toThrow('the worker died');
    await goBack(after, before);
    expect((await load.stop()).failures).toEqual([]);
    expect(await serving('unsaid')).toBe(2);
  });

  it('from a preview shows it to nobody, also when a replica of what is live is missing', async () => {
    const before = await release('preview', 'before', { replicas: 2 });
    const preview = await release('preview', 'preview', { replicas: 2 });
    const load = await live(before);
    const [stage] = stagesOf('BlueGreen', stepsOf('BlueGreen', undefined));
    await rollForward(rollingOf({ maxParallel: 2 }), { from: before, to: preview, stage });
    const taken = rollingOf();
    await platform.compute.scale({ ...ENVIRONMENT, serviceId: 'preview' }, before.revision, 1, taken.attempt.fence);
    await goBack(preview, before);
    const { failures, versions } = await load.stop();
    expect({ failures, versions: Object.keys(versions) }).toEqual({ failures: [], versions: ['before'] });
  });
});

describe('replicas that a refused deployment left, of the release that is live', () => {
  it('get no request while the next one takes over', async () => {
    const ways: Ways = { fails: 'is-sick', from: 2 };
    const before = await release('grown', 'before', { ...ways, replicas: 2 });
    const grown = await release('grown', 'before', { ...ways, replicas: 4 });
    const after = await release('grown', 'after', { replicas: 2 });
    const load = await live(before);
    const refused = rollForward(rollingOf(REFUSING), { from: before, to: grown });
    await expect(refused).rejects.toMatchObject({ failure: { code: 'HealthGateUnhealthy' } });
    await rollForward(rollingOf(), { from: before, to: after });
    const { failures, versions } = await load.stop();
    expect({ failures, versions: Object.keys(versions) }).toEqual({ failures: [], versions: ['before', 'after'] });
  });
});

describe('a canary', () => {
  it('is told to have the share of the traffic that it has', async () => {
    const before = await release('told', 'before', { replicas: 4 });
    const canary = await release('told', 'canary', { replicas: 4 });
    const load = await live(before);
    const told: Progress[] = [];
    const [half] = stagesOf('Canary', [{ weightPercent: 50, bakeSeconds: 0, promotion: 'gate' }]);
    await rollForward(rollingOf({ told }), { from: before, to: canary, stage: half });
    await rollForward(rollingOf({ told }), {
      from: before,
      to: canary,
      stage: { ...ROLLING, replaces: false },
    });
    await load.stop();
    const shares = told.map(({ trafficPercent }) => trafficPercent).filter((share) => share !== undefined);
    expect(shares).toEqual([50, 100]);
    const words = told.map(({ reason }) => /[0-9]+ % of the traffic/.exec(reason)?.[0]).filter(Boolean);
    expect(words).toEqual(['50 % of the traffic', '100 % of the traffic']);
  });
});
