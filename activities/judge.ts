/** Asking governance again, when what would be done is not what it had judged: before the operation begins, in the lane's turn. */
import type { Database, Tx } from '../db/client.ts';
import { closeApprovals } from '../db/approvals.ts';
import { lockEnvironment } from '../db/environments.ts';
import { holdForApproval, setJudged, type WantedApproval } from '../db/held-operations.ts';
import { newId } from '../db/new-id.ts';
import { endOperation, findOperation, setWaitingOn, type OperationRow } from '../db/operations.ts';
import { PlatformError } from '../domain/errors.ts';
import { planHashOf, type Judged } from '../domain/governed.ts';
import type { EnvironmentKey, SnapshotId } from '../domain/ids.ts';
import { askAbout, requestApproval, type Governance, type GovernanceDecision } from '../providers/governance/port.ts';

/**
 * Has an accepted operation judged over what is live now. It may begin then, or waits for another approval, or has ended.
 * False when governance gives no decision: it may not begin, and reconcile has the lane look again.
 */
export async function judgeAgain(
  db: Database,
  governance: Governance,
  { operation, over }: { operation: OperationRow; over: SnapshotId | null },
): Promise<boolean> {
  const { tenantId, id, environmentId, judged: before } = operation;
  if (!before) return true;
  const plan = { ...before, over: before.over === undefined ? undefined : over, approvalId: null };
  const judged = { ...plan, planHash: planHashOf(plan) };
  let answer: Answer;
  try {
    answer = await ask(governance, judged, { tenantId, environmentId });
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== 'GovernanceUnavailable') throw error;
    await db.forTenant(tenantId, (tx) => setWaitingOn(tx, tenantId, id, { kind: 'platform', reference: error.code }));
    return false;
  }
  await db.forTenant(tenantId, (tx) => write(tx, operation, judged, answer));
  return true;
}

/** What governance says to a change. */
export interface Answer {
  decision: GovernanceDecision;
  /** The approval that it wants; null when it wants none. */
  wanted: WantedApproval | null;
}

/** Asks, and has the approval that is wanted made at the decider too, where it keeps them. @throws PlatformError `GovernanceUnavailable` */
export async function ask(governance: Governance, judged: Judged, key: EnvironmentKey): Promise<Answer> {
  const decision = await askAbout(governance, judged, key);
  if (decision.decision !== 'requireApproval') return { decision, wanted: null };
  const id = newId('apr');
  const externalId = await requestApproval(governance, id, judged, key, decision);
  return { decision, wanted: { id, externalId, reasons: decision.reasons, obligations: decision.obligations } };
}

async function write(tx: Tx, operation: OperationRow, judged: Judged, { decision, wanted }: Answer): Promise<void> {
  const key = { tenantId: operation.tenantId, environmentId: operation.environmentId };
  await lockEnvironment(tx, key);
  const now = await findOperation(tx, key.tenantId, operation.id);
  // Whoever was faster has judged it by the same rules.
  if (now?.status !== 'Accepted' || now.waitingOn?.kind === 'approval') return;
  await closeApprovals(tx, key.tenantId, operation.id, 'Withdrawn');
  if (wanted) {
    await holdForApproval(tx, now, judged, wanted);
  } else if (decision.decision === 'allow') {
    await setWaitingOn(tx, key.tenantId, operation.id, null);
    await setJudged(tx, key.tenantId, operation.id, judged);
  } else {
    const why = decision.reasons.length === 0 ? '' : `: ${decision.reasons.join(', ')}`;
    const message = `What is live has changed since it was asked for, and governance denies it now${why}.`;
    // It may have waited for this answer: that is over.
    await setWaitingOn(tx, key.tenantId, operation.id, null);
    await endOperation(tx, key, operation.id, { phase: 'Rejected', failure: { code: 'GovernanceDenied', message } });
  }
}
