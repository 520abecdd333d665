/** Governance: may this change happen? Asked for every production mutation; no answer is a refusal. */
import { PlatformError } from '../../domain/errors.ts';
import type { GovernedAction, Judged } from '../../domain/governed.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import type { Stage } from '../../domain/phases.ts';

export type { GovernedAction } from '../../domain/governed.ts';

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

const TIMEOUT_MS = 3_000;

/**
 * Asks about a plan, now. An answer that comes late, or is about another plan, is none.
 *
 * @param environment the one it is about; null before there is one.
 * @throws PlatformError `GovernanceUnavailable`
 */
export async function askAbout(
  governance: Governance,
  { planHash, subject, clientId, action, stage, facts }: Omit<Judged, 'intentHash' | 'approvalId'>,
  { tenantId, environmentId }: { tenantId: string; environmentId: EnvironmentKey['environmentId'] | null },
): Promise<GovernanceDecision> {
  const environment = environmentId === null ? { tenantId } : { tenantId, environmentId };
  // A policy has no clock of its own; the time is no part of the plan.
  const at = new Date().toISOString();
  const question = { tenantId, subject, clientId, action, stage, environment, planHash, facts: { ...facts, at } };
  const decision = await inTime(async () => await governance.decide(question));
  if (decision.planHash !== planHash) throw noDecision(new Error('governance judged another plan'));
  return decision;
}

async function inTime(decide: () => Promise<GovernanceDecision>): Promise<GovernanceDecision> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no decision within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  try {
    return await Promise.race([decide(), late.promise]);
  } catch (error) {
    throw noDecision(error);
  } finally {
    clearTimeout(timer);
  }
}

function noDecision(cause: unknown): PlatformError {
  return new PlatformError('GovernanceUnavailable', 'Governance gives no decision now, so the change is refused.', {
    cause,
  });
}
