/** Governance: may this change happen? Asked for every production mutation; no answer is a refusal. */
import type { EnvironmentKey } from '../../domain/ids.ts';
import type { Stage } from '../../domain/phases.ts';

export type GovernedAction =
  | 'environments.provision'
  | 'environments.decommission'
  | 'deployments.create'
  | 'deployments.rollback'
  | 'scaling.apply'
  | 'secrets.bind';

export interface GovernanceQuestion {
  tenantId: string;
  subject: string;
  clientId: string;
  action: GovernedAction;
  stage: Stage;
  /** Whose environment it is; before it exists only the tenant is known. */
  environment: EnvironmentKey | { tenantId: string };
  /** The hash of what would be done: an approval of one plan is none of another. */
  planHash: string;
  /** Facts a policy may look at, e.g. region, releaseRef; `at` is when it is asked (RFC 3339, UTC). */
  facts: Record<string, string> & { at: string };
}

export interface GovernanceDecision {
  decision: 'allow' | 'deny' | 'requireApproval';
  /** Ids of the policies or sentences that led to it. */
  reasons: string[];
  obligations: string[];
  planHash: string;
}

export interface Governance {
  /** @throws PlatformError `GovernanceUnavailable` when no decision can be had. */
  decide(question: GovernanceQuestion): Promise<GovernanceDecision>;
}
