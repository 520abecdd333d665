/** What governance's answer means for a mutation: it goes on, it waits for an approval, or it is refused. */
import type { Tx } from '../db/client.ts';
import { keepJudged, type WantedApproval } from '../db/held-operations.ts';
import { newId } from '../db/new-id.ts';
import { findOperation } from '../db/operations.ts';
import { askForApproval, findStandingApproval, spendApproval } from '../db/standing-approvals.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Judged } from '../domain/governed.ts';
import type { ApprovalId, EnvironmentId, EnvironmentKey } from '../domain/ids.ts';
import { requestApproval, type GovernanceDecision } from '../providers/governance/port.ts';
import type { Caller } from './caller.ts';
import type { ApiDeps } from './deps.ts';
import type { Accepted } from './endpoint.ts';
import { refused } from './governance.ts';

export interface Judgement {
  judged: Judged;
  /** The approval that the operation has to wait for; null when it may begin. */
  wanted: WantedApproval | null;
  /** The approval that this call uses up; null when it needs none. */
  spends: ApprovalId | null;
}

export interface Heeded {
  judged: Judged;
  /** Whether all that the mutation does is to accept an operation, which can wait. */
  canWait: boolean;
  environmentId: EnvironmentId | null;
  caller: Caller;
}

/** @throws PlatformError `GovernanceDenied`, `GovernanceUnavailable`, `GovernanceApprovalRequired` */
export async function heed(deps: ApiDeps, decision: GovernanceDecision, heeded: Heeded): Promise<Judgement> {
  const { judged, canWait, environmentId, caller } = heeded;
  if (decision.decision === 'allow') return { judged, wanted: null, spends: null };
  if (decision.decision === 'deny') throw refused(decision);
  const { tenantId } = caller;
  const make = async (): Promise<WantedApproval> => {
    const id = newId('apr');
    const of = { tenantId, environmentId };
    const externalId = await requestApproval(deps.governance, id, judged, of, decision);
    return { id, externalId, reasons: decision.reasons, obligations: decision.obligations };
  };
  if (canWait) return { judged, wanted: await make(), spends: null };
  if (environmentId === null) throw refused(decision);
  const key = { tenantId, environmentId };
  const known = await deps.db.forTenant(tenantId, (tx) => findStandingApproval(tx, key, judged));
  if (known?.status === 'Approved') return { judged, wanted: null, spends: known.id };
  const { id: approvalId } = known ?? (await ask(deps, key, heeded, await make()));
  throw refused(decision, { approvalId });
}

const ask = (deps: ApiDeps, key: EnvironmentKey, { judged, caller }: Heeded, wanted: WantedApproval) =>
  deps.db.forTenant(key.tenantId, (tx) => askForApproval(tx, key, judged, wanted, caller.traceId));

/** Part of the acceptance transaction. @throws PlatformError `GovernanceApprovalRequired` when another call has used it */
export async function spend(tx: Tx, tenantId: string, { spends }: Judgement): Promise<void> {
  if (spends === null || (await spendApproval(tx, tenantId, spends))) return;
  throw new PlatformError('GovernanceApprovalRequired', 'The approval of this change was used by another call.');
}

/** Part of the acceptance transaction: the operation keeps what was judged. True when it has to wait. */
export async function keep(
  tx: Tx,
  { id, key }: NonNullable<Accepted['operation']>,
  { judged, wanted }: Judgement,
): Promise<boolean> {
  const operation = await findOperation(tx, key.tenantId, id);
  // A command on an operation that has begun already: there is nothing to keep for later.
  if (operation?.status !== 'Accepted') return false;
  return await keepJudged(tx, operation, judged, wanted);
}
