/** How much a tenant may have at once, and what a change would make of it. */
import { own } from './own.ts';
import { clampReplicas, type Scaling } from './scaling.ts';

export interface Quotas {
  /** Environments that stand, are made, or are taken away. */
  environments: number;
  /** Services of one environment. */
  services: number;
  /** Wanted replicas of all services of one environment together. */
  replicas: number;
  /** Operations of one environment that have not ended; what takes an environment away counts for none. */
  operations: number;
}

/** What a binding may say otherwise, for its environment. */
export type EnvironmentQuotas = Omit<Quotas, 'environments'>;

/** Room for a large product; what goes wrong in a loop ends here. */
export const DEFAULT_QUOTAS: Quotas = { environments: 100, services: 100, replicas: 500, operations: 200 };

/** The replicas that a release wants of each service it names; null leaves that to what runs before it. */
export interface Demand {
  replicas: Record<string, number | null>;
  /** What it does not name is taken away. */
  isWhole: boolean;
}

/**
 * What may run before and after `next`: the most of what is live and of all that is accepted before it, since any of
 * those may fail. Policies bound what it comes to.
 */
export function useAround(
  earlier: readonly Demand[],
  next: Demand,
  policies: Record<string, Scaling>,
): { before: EnvironmentUse; after: EnvironmentUse } {
  const before: Record<string, number> = {};
  for (const [serviceId, replicas] of earlier.flatMap((demand) => Object.entries(demand.replicas))) {
    before[serviceId] = Math.max(own(before, serviceId) ?? 0, replicas ?? 1);
  }
  const after = next.isWhole ? {} : { ...before };
  for (const [serviceId, replicas] of Object.entries(next.replicas)) {
    after[serviceId] = replicas ?? own(before, serviceId) ?? 1;
  }
  for (const [serviceId, replicas] of Object.entries(after)) {
    const policy = own(policies, serviceId);
    if (policy) after[serviceId] = clampReplicas(replicas, policy);
  }
  return { before: useOf(before), after: useOf(after) };
}

export interface EnvironmentUse {
  services: number;
  replicas: number;
}

function useOf(replicas: Record<string, number>): EnvironmentUse {
  const each = Object.values(replicas);
  return { services: each.length, replicas: each.reduce((sum, one) => sum + one, 0) };
}
