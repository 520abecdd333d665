/** Governance: may this change happen? Asked for every production mutation; no answer is a refusal. */
import { PlatformError } from '../../domain/errors.ts';
import type { GovernedAction, Judged } from '../../domain/governed.ts';
import type { ApprovalId, EnvironmentKey } from '../../domain/ids.ts';
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
  /** Rejects when the decider cannot be reached; left out where it is in this process. */
  reach?(signal: AbortSignal): Promise<unknown>;
  /** Where the decider keeps approvals too; left out where they are kept here alone. */
  approvals?: ApprovalDesk;
}

export interface ApprovalRequest extends Pick<GovernanceQuestion, 'tenantId' | 'action' | 'stage' | 'planHash'> {
  approvalId: ApprovalId;
  /** Who asked for the change. */
  subject: string;
  clientId: string;
  environment: GovernanceQuestion['environment'];
  reasons: string[];
  obligations: string[];
}

/** A decision as it stands at the decider. */
export interface DecisionThere {
  status: 'Approved' | 'Rejected';
  decidedBy: string;
  comment: string | null;
  /** False when it had been decided there before. */
  isOurs: boolean;
}

/** Approvals at the decider. Each call @throws PlatformError `GovernanceUnavailable` */
export interface ApprovalDesk {
  /** Makes one, and gives its id there; asked again for the same `approvalId` it is the same one. */
  request(request: ApprovalRequest): Promise<string>;
  decide(
    id: string,
    decision: {
      verdict: 'approve' | 'reject';
      planHash: string;
      subject: string;
      clientId: string;
      comment: string | null;
    },
  ): Promise<DecisionThere>;
}

const TIMEOUT_MS = 3_000;

interface Subject {
  tenantId: string;
  /** Null before there is one. */
  environmentId: EnvironmentKey['environmentId'] | null;
}

/**
 * Asks about a plan, now. An answer that comes late, or is about another plan, is none.
 *
 * @throws PlatformError `GovernanceUnavailable`
 */
export async function askAbout(
  governance: Governance,
  { planHash, subject, clientId, action, stage, facts }: Judged,
  { tenantId, environmentId }: Subject,
): Promise<GovernanceDecision> {
  const environment = environmentOf(tenantId, environmentId);
  // A policy has no clock of its own; the time is no part of the plan.
  const at = new Date().toISOString();
  const question = { tenantId, subject, clientId, action, stage, environment, planHash, facts: { ...facts, at } };
  const decision = await inTime(async () => await governance.decide(question));
  if (decision.planHash !== planHash) throw noDecision(new Error('governance judged another plan'));
  return decision;
}

/**
 * Makes the approval that was asked for at the decider too, where it keeps them. Its id there, or null.
 *
 * @throws PlatformError `GovernanceUnavailable`
 */
export async function requestApproval(
  { approvals }: Governance,
  approvalId: ApprovalId,
  { planHash, subject, clientId, action, stage }: Judged,
  { tenantId, environmentId }: Subject,
  { reasons, obligations }: GovernanceDecision,
): Promise<string | null> {
  if (!approvals) return null;
  const environment = environmentOf(tenantId, environmentId);
  const asked = { approvalId, tenantId, subject, clientId, action, stage, environment, planHash, reasons, obligations };
  return await inTime(async () => await approvals.request(asked));
}

function environmentOf(tenantId: string, environmentId: Subject['environmentId']): GovernanceQuestion['environment'] {
  return environmentId === null ? { tenantId } : { tenantId, environmentId };
}

async function inTime<T>(ask: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no decision within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  try {
    return await Promise.race([ask(), late.promise]);
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
