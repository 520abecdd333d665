/** What governance's answer means for a mutation: it goes on, it waits for an approval, or it is refused. */
import type { Tx } from '../db/client.ts';
import { holdForApproval, lengthenDeadline, setJudged, type WantedApproval } from '../db/held-operations.ts';
import { newId } from '../db/new-id.ts';
import { findOperation } from '../db/operations.ts';
import type { Judged } from '../domain/governed.ts';
import { requestApproval, type Governance, type GovernanceDecision } from '../providers/governance/port.ts';
import type { Accepted } from './endpoint.ts';
import { refuseUnlessAllowed } from './governance.ts';

export interface Judgement {
  judged: Judged;
  /** The approval that the operation has to wait for; null when it may begin. */
  wanted: WantedApproval | null;
}

/**
 * Where something can wait for an approval, that is made at the decider too if it keeps them.
 *
 * @throws PlatformError `GovernanceDenied`, `GovernanceUnavailable`, or `GovernanceApprovalRequired` when nothing can wait
 */
export async function heed(
  governance: Governance,
  decision: GovernanceDecision,
  { judged, canWait, of }: { judged: Judged; canWait: boolean; of: Parameters<typeof requestApproval>[3] },
): Promise<Judgement> {
  if (decision.decision !== 'requireApproval' || !canWait) {
    refuseUnlessAllowed(decision);
    return { judged, wanted: null };
  }
  const id = newId('apr');
  const externalId = await requestApproval(governance, id, judged, of, decision);
  const { reasons, obligations } = decision;
  return { judged, wanted: { id, externalId, reasons, obligations } };
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
  if (!wanted) {
    await setJudged(tx, key.tenantId, id, judged);
    return false;
  }
  await holdForApproval(tx, await lengthenDeadline(tx, operation), judged, wanted);
  return true;
}
