/**
 * Moving one service between revisions, forward and back. Everything here is convergent: it looks at what runs, and a
 * repeated attempt goes on from there; new replicas that were there before this attempt go through the gate first.
 */
import { MAX_RESTARTS, HEALTHY_SAMPLES, SAMPLE_INTERVAL_MS, atATime, type RolloutPolicy } from '../domain/rollout.ts';
import { OperationFault } from '../domain/failures.ts';
import { judge, type Sample } from '../domain/gate.ts';
import type { EnvironmentKey } from '../domain/ids.ts';
import type { SnapshotService } from '../domain/snapshot.ts';
import { ROLLING, freshOf, standing, type Stage } from '../domain/strategy.ts';
import type { ComputeTarget, Instance, ObservedService, RevisionSpec } from '../providers/compute/port.ts';
import type { Attempt } from './attempt.ts';
import { refusalOf } from './refusal.ts';

/** What is told while a service moves. */
export interface Progress {
  status: 'Rolling' | 'Gating';
  replicasReady?: number;
  trafficPercent?: number;
  reason: string;
}

export interface Rolling {
  compute: ComputeTarget;
  attempt: Attempt;
  environment: EnvironmentKey;
  policy: RolloutPolicy;
  /** The whole of what the target needs to run so many replicas of this service. */
  specOf(service: SnapshotService, replicas: number): RevisionSpec;
  report(serviceId: string, progress: Progress): Promise<void>;
}

export interface Forward {
  /** What runs beside it and is replaced; null when nothing does. */
  from: SnapshotService | null;
  to: SnapshotService;
  /** @default all of it, replica by replica */
  stage?: Stage;
  /** Whether to stop at the next step. */
  isPaused?(): boolean;
}

/**
 * Brings `to` up to its replicas of a stage behind the gate, moving traffic with it and taking `from` down as far as the
 * stage replaces it. False when it was stopped before it was there.
 */
export async function rollForward(
  rolling: Rolling,
  { from, to, stage = ROLLING, isPaused = () => false }: Forward,
): Promise<boolean> {
  const { compute, attempt } = rolling;
  const workload = workloadOf(rolling, to.serviceId);
  const other = from && from.revision !== to.revision ? from : null;
  const live = other?.replicas ?? 0;
  const wanted = freshOf(stage, to.replicas);
  // Replicas that an earlier attempt left are judged before more are added than may start at a time.
  const left = (await replicasOf(rolling, to)).length;
  let fresh = Math.min(wanted, Math.max(left, rolling.policy.maxParallel));
  for (;;) {
    if (isPaused()) return false;
    await rolling.report(to.serviceId, { status: 'Rolling', reason: `starting ${fresh} of ${to.replicas} replicas` });
    await attempt.check();
    await compute.ensure(rolling.specOf(to, fresh), attempt.fence);
    await gate(rolling, to, fresh);
    const { old, weight } = standing(stage, fresh, to.replicas, live);
    // What was live may be gone, or have fewer replicas than it should: it is never started again only to be replaced.
    const running = other ? (await replicasOf(rolling, other)).length : 0;
    const shared = other && running > 0 && old > 0;
    const percent = weight === null ? 0 : shared ? weight : 100;
    if (percent > 0) {
      const weights =
        shared && percent < 100 ? { [to.revision]: percent, [other.revision]: 100 - percent } : { [to.revision]: 100 };
      await attempt.check();
      await compute.shiftTraffic(workload, weights, attempt.fence);
    }
    if (other && running > old) {
      await attempt.check();
      await compute.scale(workload, other.revision, old, attempt.fence);
    }
    await rolling.report(to.serviceId, {
      status: 'Rolling',
      replicasReady: fresh,
      trafficPercent: percent,
      reason: `${fresh} of ${to.replicas} replicas healthy, ${percent} % of the traffic`,
    });
    if (fresh >= wanted) return true;
    fresh = Math.min(wanted, fresh + rolling.policy.maxParallel);
  }
}

export interface Restoration {
  /** What should be the only thing that runs of its service; null takes the service away. */
  to: SnapshotService | null;
  /** Replicas that are younger than this, ms since the epoch, have to pass the gate again. */
  sinceMs: number;
  /**
   * `traffic`: all of it at once onto the replicas that `to` still has, for when nobody knows what the others are worth.
   * `floor`: it moves when all replicas of `to` are there, so that the capacity never falls below what was.
   */
  first: 'traffic' | 'floor';
  /** What stands in for what is missing, and goes as it comes back; left out, all of it comes back at once. */
  leaving?: { from: SnapshotService | null; secondsLeft: number };
  /** What runs in the environment. */
  observed: readonly ObservedService[];
}

/** Makes one revision the only thing that runs of its service; what is missing of it comes back behind the gate. */
export async function restore(rolling: Rolling, serviceId: string, restoration: Restoration): Promise<void> {
  const { compute, attempt } = rolling;
  const { to, sinceMs, first, leaving, observed } = restoration;
  const workload = workloadOf(rolling, serviceId);
  if (to) {
    const present = await replicasOf(rolling, to);
    const settled = present.every((instance) => instance.startedAtMs > 0 && instance.startedAtMs < sinceMs);
    const whole = settled && present.length === to.replicas;
    if (whole || (first === 'traffic' && settled && present.length > 0)) {
      await attempt.check();
      await compute.shiftTraffic(workload, { [to.revision]: 100 }, attempt.fence);
    }
    const missing = Math.max(1, to.replicas - present.length);
    const maxParallel = leaving ? atATime(rolling.policy, missing, leaving.secondsLeft) : Math.max(1, to.replicas);
    const policy = { ...rolling.policy, maxParallel };
    if (!whole) await rollForward({ ...rolling, policy }, { from: leaving?.from ?? null, to });
  }
  await retireOthers(rolling, serviceId, to?.revision ?? null, observed);
}

/** Takes every revision of a service away but the one to keep, and its route when there is none to keep. */
export async function retireOthers(
  { compute, attempt, environment }: Pick<Rolling, 'compute' | 'attempt' | 'environment'>,
  serviceId: string,
  keep: string | null,
  observed: readonly ObservedService[],
): Promise<void> {
  const workload = { ...environment, serviceId };
  const revisions = observed.find((service) => service.serviceId === serviceId)?.revisions ?? [];
  for (const { revision } of revisions) {
    if (revision === keep) continue;
    await attempt.check();
    await compute.retire(workload, revision, attempt.fence);
  }
  if (keep !== null) return;
  await attempt.check();
  await compute.unroute(workload, attempt.fence);
}

/**
 * Watches `replicas` of this revision until they are healthy, or somebody says that it is enough.
 *
 * @throws OperationFault with the gate's code, evidence and the last log lines
 */
export async function gate(
  rolling: Rolling,
  service: SnapshotService,
  replicas: number,
  isEnough = () => false,
): Promise<void> {
  const { attempt, compute, policy } = rolling;
  const gatePolicy = { ...policy, replicas, healthySamples: HEALTHY_SAMPLES, maxRestarts: MAX_RESTARTS };
  const openedAtMs = Date.now();
  let samples: Sample[] = [];
  let told = { reason: '', evidence: '', atMs: 0 };
  for (;;) {
    const instances = (await replicasOf(rolling, service)).slice(0, replicas);
    const present = new Set(instances.map(({ instanceId }) => instanceId));
    samples.push(...(await Promise.all(instances.map((instance) => compute.health(instance, service.health)))));
    const nowMs = Date.now();
    // A replica that is gone counts no more; and a window needs no samples older than itself: twice its length keeps the
    // gate's memory flat.
    const keepSinceMs = nowMs - 2 * policy.minHealthySeconds * 1000 - 30_000;
    samples = samples.filter(({ instanceId, atMs }) => present.has(instanceId) && atMs >= keepSinceMs);
    const verdict = judge(samples, gatePolicy, openedAtMs, nowMs);
    if (verdict.verdict === 'healthy') return;
    if (verdict.verdict === 'unhealthy') {
      throw new OperationFault(
        await refusalOf(compute, workloadOf(rolling, service.serviceId), service.revision, verdict, samples),
      );
    }
    if (isEnough()) return;
    const { reason, evidence = '' } = verdict;
    // Evidence may differ with every sample (a counter, a duration); it is told now and then.
    if (reason !== told.reason || (evidence !== told.evidence && nowMs - told.atMs > TELL_AGAIN_MS)) {
      told = { reason, evidence, atMs: nowMs };
      await rolling.report(service.serviceId, {
        status: 'Gating',
        reason: evidence ? `${reason}; ${evidence}` : reason,
      });
    }
    await attempt.pause(SAMPLE_INTERVAL_MS);
  }
}

const TELL_AGAIN_MS = 2_000;

async function replicasOf(rolling: Rolling, service: SnapshotService): Promise<Instance[]> {
  const instances = await rolling.compute.instances(workloadOf(rolling, service.serviceId));
  return instances.filter(({ revision, state }) => revision === service.revision && state !== 'stopping');
}

function workloadOf(rolling: Rolling, serviceId: string) {
  return { ...rolling.environment, serviceId };
}
