/** Asking governance: only for production, only once per call, and no answer is a refusal. */
import type { EnvironmentRow } from '../db/environments.ts';
import { PlatformError } from '../domain/errors.ts';
import { planHashOf, type Judged } from '../domain/governed.ts';
import { hashOf } from '../domain/hash.ts';
import type { SnapshotId } from '../domain/ids.ts';
import type { Stage } from '../domain/phases.ts';
import {
  askAbout,
  type Governance,
  type GovernanceDecision,
  type GovernedAction,
} from '../providers/governance/port.ts';
import type { Caller } from './caller.ts';

export interface Asked {
  action: GovernedAction;
  stage: Stage;
  /** What was asked for; its hash is a part of what governance judges. */
  intent: unknown;
  /** The snapshot that it would change, where it makes a difference: when another one is live, governance is asked again. */
  over?: SnapshotId | null;
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
  if (asked.stage !== 'prod') return null;
  const { tenantId } = caller;
  return await askAbout(governance, judgedOf(caller, asked), {
    tenantId,
    environmentId: asked.environment?.id ?? null,
  });
}

/** What is asked, as an operation keeps it. */
export function judgedOf({ subject, clientId }: Caller, { action, stage, intent, over, facts }: Asked): Judged {
  const plan = { action, intentHash: hashOf(intent), over };
  return { ...plan, planHash: planHashOf(plan), stage, subject, clientId, facts, approvalId: null };
}

/** @param more what the answer says beside the reasons */
export function refused({ decision, reasons }: GovernanceDecision, more: Record<string, unknown> = {}): PlatformError {
  const details = { reasons, ...more };
  return decision === 'requireApproval'
    ? new PlatformError('GovernanceApprovalRequired', 'Governance asks for an approval of this change.', { details })
    : new PlatformError('GovernanceDenied', 'Governance denies this change.', { details });
}
