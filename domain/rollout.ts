/** The clocks of a deployment, and how many replicas move at a time. All durations carry their unit. */
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

/** What a replica takes to start and to be seen, beside the time that it has to be healthy for. */
const START_SECONDS = 10;

/** How many of the `missing` replicas come back at a time: as many as are allowed, and more when the time would be up. */
export function atATime(
  { maxParallel, minHealthySeconds }: RolloutPolicy,
  missing: number,
  secondsLeft: number,
): number {
  const rounds = Math.max(1, Math.floor(secondsLeft / (minHealthySeconds + START_SECONDS)));
  return Math.max(maxParallel, Math.ceil(missing / rounds));
}
