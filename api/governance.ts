/** Asking governance: only for production, only once per call, and no answer is a refusal. */
import type { EnvironmentRow } from '../db/environments.ts';
import { PlatformError } from '../domain/errors.ts';
import { hashOf } from '../domain/hash.ts';
import type { Stage } from '../domain/phases.ts';
import type { Governance, GovernanceDecision, GovernedAction } from '../providers/governance/port.ts';
import type { Caller } from './caller.ts';

const TIMEOUT_MS = 3_000;

export interface Asked {
  action: GovernedAction;
  stage: Stage;
  /** What would be done; its hash is what governance judges. */
  intent: unknown;
  facts: Record<string, string>;
  /** Null when it does not exist yet. */
  environment: EnvironmentRow | null;
}

/** The decision as the receipt keeps it; null where governance is not asked. @throws PlatformError `GovernanceUnavailable` */
export async function askGovernance(
  governance: Governance,
  caller: Caller,
  asked: Asked,
): Promise<GovernanceDecision | null> {
  const { action, stage, intent, facts, environment } = asked;
  if (stage !== 'prod') return null;
  const planHash = hashOf({ action, intent });
  const { tenantId, subject, clientId } = caller;
  const of = environment ? { tenantId: environment.tenantId, environmentId: environment.id } : { tenantId };
  // A policy has no clock of its own; the time is no part of the plan.
  const at = new Date().toISOString();
  const question = { tenantId, subject, clientId, action, stage, environment: of, planHash, facts: { ...facts, at } };
  const decision = await decideInTime(async () => await governance.decide(question));
  if (decision.planHash !== planHash) throw unavailable(new Error('governance judged another plan'));
  return decision;
}

/** @throws PlatformError `GovernanceDenied` or `GovernanceApprovalRequired` */
export function refuseUnlessAllowed({ decision, reasons }: GovernanceDecision): void {
  switch (decision) {
    case 'allow':
      return;
    case 'deny':
      throw new PlatformError('GovernanceDenied', 'Governance denies this change.', { details: { reasons } });
    case 'requireApproval':
      throw new PlatformError('GovernanceApprovalRequired', 'Governance asks for an approval of this change.', {
        details: { reasons },
      });
  }
}

async function decideInTime(decide: () => Promise<GovernanceDecision>): Promise<GovernanceDecision> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no decision within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  try {
    return await Promise.race([decide(), late.promise]);
  } catch (error) {
    throw unavailable(error);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(cause: unknown): PlatformError {
  return new PlatformError('GovernanceUnavailable', 'Governance gives no decision now, so the change is refused.', {
    cause,
  });
}
