/** Asking governance: only for production, only once per call, and no answer is a refusal. */
import type { EnvironmentRow } from '../db/environments.ts';
import { PlatformError } from '../domain/errors.ts';
import { judgedOf, type Change } from '../domain/governed.ts';
import { askAbout, type Governance, type GovernanceDecision } from '../providers/governance/port.ts';
import type { Caller } from './caller.ts';

export interface Asked extends Change {
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

/** @param more what the answer says beside the reasons */
export function refused({ decision, reasons }: GovernanceDecision, more: Record<string, unknown> = {}): PlatformError {
  const details = { reasons, ...more };
  return decision === 'requireApproval'
    ? new PlatformError('GovernanceApprovalRequired', 'Governance asks for an approval of this change.', { details })
    : new PlatformError('GovernanceDenied', 'Governance denies this change.', { details });
}
