/** How a deployment moves: its clocks and how many replicas at a time. All durations carry their unit. */
export const STRATEGIES = ['RollingHealthGated'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface RolloutPolicy {
  /** How many replicas of one component are replaced at a time. */
  maxParallel: number;
  minHealthySeconds: number;
  /** Per step of a component: from its new replicas' start to their healthy verdict. */
  healthyDeadlineSeconds: number;
  /** Per deployment: forward work ends here, and going back starts. */
  progressDeadlineSeconds: number;
  /** How long the whole deployment is watched after all traffic has moved. */
  bakeSeconds: number;
  autoRollback: boolean;
}

export const DEFAULT_ROLLOUT: RolloutPolicy = {
  maxParallel: 1,
  minHealthySeconds: 5,
  healthyDeadlineSeconds: 120,
  progressDeadlineSeconds: 600,
  bakeSeconds: 0,
  autoRollback: true,
};

/** K of the gate: two samples could be one lucky moment and its echo. */
export const HEALTHY_SAMPLES = 3;
/** Restarts of one new replica that count as a crash loop. */
export const MAX_RESTARTS = 3;
/** Between two looks at a replica. */
export const SAMPLE_INTERVAL_MS = 500;

/** What is kept of the absolute deadline for going back: one healthy deadline and a minute for stopping and draining. */
export function rollbackReserveSeconds(policy: RolloutPolicy): number {
  return policy.healthyDeadlineSeconds + 60;
}

/**
 * What `fresh` healthy replicas of a new revision stand in for: how many of the `live` old ones stay, and the percent of
 * the traffic that moves. Together there are never fewer than before.
 */
export function standIn(fresh: number, wanted: number, live: number): { old: number; weight: number } {
  const old = fresh >= wanted ? 0 : Math.max(0, live - fresh);
  return { old, weight: old === 0 ? 100 : Math.round((fresh / wanted) * 100) };
}
