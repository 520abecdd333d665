/** A scaling policy: the bounds that a service's replicas stay within, and what an autoscaler inside them would look at. */
import type { PolicyId } from './ids.ts';
import type { ComputeTargetName } from './phases.ts';

export const SCALING_METRICS = ['cpu', 'memory', 'requests'] as const;
export type ScalingMetric = (typeof SCALING_METRICS)[number];

/** How a policy came to say what it says: by a call, or by going back to a release that ran under it, or before it. */
export const SCALING_CHANGES = ['Applied', 'Restored', 'Removed'] as const;
export type ScalingChange = (typeof SCALING_CHANGES)[number];

export const SCALING_POLICY_STATUSES = ['InForce', 'Removed'] as const;
export type ScalingPolicyStatus = (typeof SCALING_POLICY_STATUSES)[number];

/** The most replicas that any component or policy may ask for. */
export const MAX_REPLICAS = 100;

/** The part of a policy that a snapshot keeps, so that going back brings it back. */
export interface Scaling {
  policyId: PolicyId;
  target: ComputeTargetName;
  metric: ScalingMetric;
  /** 0 only with `scaleToZero`. */
  minReplicas: number;
  /** At least 1 and `minReplicas`. */
  maxReplicas: number;
  /** 1 to 100. */
  targetUtilizationPercent: number;
  scaleToZero: boolean;
}

/** The nearest number of replicas that the policy allows; without one, the number itself. */
export function clampReplicas(replicas: number, policy: Scaling | null): number {
  return policy ? Math.min(policy.maxReplicas, Math.max(policy.minReplicas, replicas)) : replicas;
}

/** A policy in a few words, e.g. `2 to 20 replicas at 65 % cpu`. */
export function scalingText(policy: Scaling | null): string {
  if (!policy) return 'none';
  const { minReplicas, maxReplicas, targetUtilizationPercent, metric, scaleToZero } = policy;
  const bounds = `${minReplicas} to ${maxReplicas} replicas at ${targetUtilizationPercent} % ${metric}`;
  return scaleToZero ? `${bounds}, to zero when idle` : bounds;
}
