/** Operations that wait for somebody: from the question to the decision, or to the end of its time. */
import { and, eq } from 'drizzle-orm';
import { APPROVAL_SECONDS } from '../domain/approvals.ts';
import { judgeDecision } from '../domain/commands.ts';
import type { Judged } from '../domain/governed.ts';
import type { ApprovalId, EnvironmentKey, OperationId } from '../domain/ids.ts';
import { findApproval, insertApproval, setDecision, setExpired, type ApprovalRow, type Decision } from './approvals.ts';
import type { Tx } from './client.ts';
import { makeWay } from './commands.ts';
import { noteAsOperation } from './concerned-services.ts';
import { lockEnvironment } from './environments.ts';
import { appendEvent } from './events.ts';
import { endOperation, findOperation, setWaitingOn, type OperationRow } from './operations.ts';
import { operations } from './schema/index.ts';

/** An approval that governance wants, with its id at the Governance platform if it is kept there too. */
export type WantedApproval = Pick<ApprovalRow, 'id' | 'externalId' | 'reasons' | 'obligations'>;

/** An operation that waits has that time beside the time of the queue. */
async function lengthenDeadline(tx: Tx, operation: OperationRow): Promise<OperationRow> {
  const deadlineAt = new Date(operation.deadlineAt.getTime() + APPROVAL_SECONDS * 1000);
  await tx.update(operations).set({ deadlineAt }).where(isIt(operation.tenantId, operation.id));
  return { ...operation, deadlineAt };
}

/** Part of the acceptance transaction: the operation keeps what was judged. True when it has to wait for an approval. */
export async function keepJudged(
  tx: Tx,
  operation: OperationRow,
  judged: Judged,
  wanted: WantedApproval | null,
): Promise<boolean> {
  if (wanted) await holdForApproval(tx, await lengthenDeadline(tx, operation), judged, wanted);
  else await setJudged(tx, operation.tenantId, operation.id, judged);
  return wanted !== null;
}

/** Notes what governance has judged of an accepted operation. */
export async function setJudged(tx: Tx, tenantId: string, id: OperationId, judged: Judged): Promise<void> {
  await tx.update(operations).set({ judged }).where(isIt(tenantId, id));
}

/** From now on the operation waits for this approval, and the lane goes past it. */
export async function holdForApproval(
  tx: Tx,
  operation: OperationRow,
  judged: Judged,
  wanted: WantedApproval,
): Promise<void> {
  const { tenantId, id: operationId, environmentId, deadlineAt, budgetSeconds, traceId } = operation;
  const { action, planHash, subject: requestedBySubject, clientId: requestedByClient } = judged;
  // Late enough for somebody to look at it, early enough for the operation to be carried out afterwards.
  const latestMs = deadlineAt.getTime() - budgetSeconds * 1000;
  const expiresAt = new Date(Math.min(Date.now() + APPROVAL_SECONDS * 1000, latestMs));
  const asked = { action, planHash, requestedBySubject, requestedByClient, expiresAt, traceId };
  await insertApproval(tx, { ...wanted, ...asked, tenantId, environmentId, operationId });
  await noteAsOperation(tx, tenantId, wanted.id, operationId);
  await setJudged(tx, tenantId, operationId, { ...judged, approvalId: wanted.id });
  await setWaitingOn(tx, tenantId, operationId, { kind: 'approval', reference: wanted.id });
  await appendEvent(tx, operation, {
    type: 'approval.requested',
    operationId,
    data: { approvalId: wanted.id, reasons: wanted.reasons },
  });
}

/**
 * Decides an approval, once. An approved operation takes its place in the queue again; a rejected one ends without having
 * touched anything. Null when it was decided before, or is over.
 */
export async function decideApproval(
  tx: Tx,
  key: EnvironmentKey,
  id: ApprovalId,
  decision: Decision,
): Promise<ApprovalRow | null> {
  await lockEnvironment(tx, key);
  const verdict = await verdictOn(tx, key.tenantId, id, decision);
  const row = verdict === 'refused' ? null : await setDecision(tx, key.tenantId, id, decision);
  if (!row) return null;
  await tell(tx, key, row);
  if (row.operationId === null) return row;
  if (verdict === 'goesOn') {
    await setWaitingOn(tx, key.tenantId, row.operationId, null);
    await makeWay(tx, key, row.operationId, { commandId: row.id, by: decision.by.subject });
  } else {
    const said = decision.comment === null ? '.' : `: ${decision.comment}`;
    await endOperation(tx, key, row.operationId, {
      phase: 'Rejected',
      failure: { code: 'ApprovalRejected', message: `${decision.by.subject} rejected it${said}` },
    });
  }
  return row;
}

/** What becomes of the operation that waits; null when none does. */
async function verdictOn(tx: Tx, tenantId: string, id: ApprovalId, { status }: Decision) {
  const operationId = (await findApproval(tx, tenantId, id))?.operationId;
  const operation = operationId ? await findOperation(tx, tenantId, operationId) : null;
  if (!operation) return null;
  const { phase, waitingOn } = operation;
  const waitsForApproval = waitingOn?.kind === 'approval' && waitingOn.reference === id;
  return judgeDecision(status === 'Approved' ? 'approve' : 'reject', { phase, waitsForApproval });
}

/** Ends an approval that nobody has decided in time, and what waits for it. */
export async function expireApproval(tx: Tx, key: EnvironmentKey, id: ApprovalId): Promise<void> {
  await lockEnvironment(tx, key);
  if (!(await setExpired(tx, key.tenantId, id))) return;
  const row = await findApproval(tx, key.tenantId, id);
  if (!row) return;
  await tell(tx, key, row);
  if (row.operationId === null) return;
  await endOperation(tx, key, row.operationId, {
    phase: 'Expired',
    failure: {
      code: 'ApprovalExpired',
      message: `Nobody had decided on ${row.id} by ${row.expiresAt.toISOString()}.`,
    },
  });
}

async function tell(tx: Tx, key: EnvironmentKey, row: ApprovalRow): Promise<void> {
  const { id: approvalId, status, operationId, decidedBySubject, comment } = row;
  await appendEvent(tx, key, {
    type: `approval.${status.toLowerCase()}`,
    ...(operationId && { operationId }),
    data: { approvalId, ...(decidedBySubject && { decidedBy: decidedBySubject }), ...(comment && { comment }) },
  });
}

const isIt = (tenantId: string, id: OperationId) => and(eq(operations.tenantId, tenantId), eq(operations.id, id));
