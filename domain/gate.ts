/**
 * The health gate: a pure function from samples and clocks to a verdict. It judges the new revision only. No data is not
 * health: it waits, until the deadline.
 */
import type { CheckResult } from './health.ts';

/** One look at one replica. */
export interface Sample {
  instanceId: string;
  /** When this incarnation of the replica started, ms since the epoch: a restart makes it a new one and resets its window. */
  startedAtMs: number;
  /** How often its supervisor has restarted it. */
  restarts: number;
  atMs: number;
  status: 'healthy' | 'unhealthy' | 'noData';
  /** What was seen, for people: `GET /healthz answered 503`. */
  evidence: string;
  /** What the replica says of its parts, when it does; the gate takes its answer as a whole. */
  checks?: CheckResult[];
  /** How long the look took. */
  tookMs?: number;
}

/** Durations in seconds come from the deployment's row, never from constants. */
export interface GatePolicy {
  /** How many replicas of the revision have to be healthy. */
  replicas: number;
  /** K: consecutive healthy samples of each replica. */
  healthySamples: number;
  minHealthySeconds: number;
  healthyDeadlineSeconds: number;
  /** So many restarts of one replica while the gate watches are a crash loop: unhealthy at once. */
  maxRestarts: number;
}

export type GateCode = 'HealthGateUnhealthy' | 'HealthGateNoData' | 'HealthGateCrashLoop';

export type Verdict =
  | { verdict: 'healthy' }
  /** `evidence` is what the last failing sample saw, if one failed. */
  | { verdict: 'waiting'; reason: string; evidence?: string }
  | Refused;

/** `instanceId` names the replica that the evidence is of; null when none was seen. */
export interface Refused {
  verdict: 'unhealthy';
  code: GateCode;
  reason: string;
  evidence: string;
  instanceId: string | null;
}

/**
 * @param samples of the new revision, oldest first.
 * @param openedAtMs when the gate began to watch.
 */
export function judge(samples: readonly Sample[], policy: GatePolicy, openedAtMs: number, nowMs: number): Verdict {
  const windows = windowsOf(samples);
  for (const [instanceId, { restarts, firstRestarts, evidence }] of windows) {
    if (restarts - firstRestarts < policy.maxRestarts) continue;
    const reason = `${instanceId} was restarted ${restarts - firstRestarts} times`;
    return { verdict: 'unhealthy', code: 'HealthGateCrashLoop', reason, evidence, instanceId };
  }
  const ready = [...windows.values()].filter((window) => isReady(window, policy)).length;
  if (ready >= policy.replicas) return { verdict: 'healthy' };

  const last = [...samples].reverse();
  const failing = last.find((sample) => sample.status === 'unhealthy');
  const window = policy.minHealthySeconds > 0 ? ` for ${policy.minHealthySeconds} s` : '';
  const progress = `${ready} of ${policy.replicas} replicas healthy${window} so far`;
  if (nowMs - openedAtMs < policy.healthyDeadlineSeconds * 1000) {
    return { verdict: 'waiting', reason: progress, ...(failing && { evidence: failing.evidence }) };
  }

  const late = `${ready} of ${policy.replicas} replicas were healthy${window} within ${policy.healthyDeadlineSeconds} s`;
  const worst = failing ?? last.find((sample) => sample.status === 'noData') ?? last[0];
  return {
    verdict: 'unhealthy',
    code: samples.every((sample) => sample.status === 'noData') ? 'HealthGateNoData' : 'HealthGateUnhealthy',
    reason: late,
    evidence: worst?.evidence ?? 'no replica was seen',
    instanceId: worst?.instanceId ?? null,
  };
}

interface Window {
  startedAtMs: number;
  restarts: number;
  /** Restarts when the gate first saw this replica. */
  firstRestarts: number;
  consecutive: number;
  healthySinceMs: number;
  lastAtMs: number;
  evidence: string;
}

function windowsOf(samples: readonly Sample[]): Map<string, Window> {
  const windows = new Map<string, Window>();
  for (const { instanceId, startedAtMs, restarts, atMs, status, evidence } of samples) {
    const before = windows.get(instanceId);
    const same = before?.startedAtMs === startedAtMs && before.restarts === restarts;
    const goesOn = same && before.consecutive > 0;
    windows.set(instanceId, {
      startedAtMs,
      restarts,
      firstRestarts: before?.firstRestarts ?? restarts,
      consecutive: status === 'healthy' ? (goesOn ? before.consecutive : 0) + 1 : 0,
      healthySinceMs: goesOn ? before.healthySinceMs : atMs,
      lastAtMs: atMs,
      evidence,
    });
  }
  return windows;
}

function isReady(window: Window, policy: GatePolicy): boolean {
  const healthyMs = window.lastAtMs - window.healthySinceMs;
  return window.consecutive >= policy.healthySamples && healthyMs >= policy.minHealthySeconds * 1000;
}
