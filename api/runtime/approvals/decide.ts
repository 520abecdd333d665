/** What approving and rejecting have in common: never by the requester, once, and in time. */
import { findApproval, type ApprovalRow, type Decision } from '../../../db/approvals.ts';
import type { Tx } from '../../../db/client.ts';
import { decideApproval } from '../../../db/held-operations.ts';
import { isOwnRequest } from '../../../domain/approvals.ts';
import { PlatformError } from '../../../domain/errors.ts';
import type { ApprovalId } from '../../../domain/ids.ts';
import type { Governance } from '../../../providers/governance/port.ts';
import type { Caller } from '../../caller.ts';
import type { ApiDeps } from '../../deps.ts';
import { approvalAnswer, approvalDecisionBody, approvalParams } from '../../shapes/approval.ts';
import { notThere } from '../../tenant-guard.ts';
import { byApproval } from './locate.ts';
import { renderApproval } from './render.ts';

/** All of an endpoint that decides but its route and `run`. */
export const deciding = {
  scope: 'runtime.approvals.write',
  refuses: ['ApprovalByRequester', 'ApprovalNotPending', 'GovernanceUnavailable'],
  input: { params: approvalParams, body: approvalDecisionBody },
  output: { 200: approvalAnswer },
  target: byApproval,
  permit: refuseRequester,
  current: currentApproval,
} as const;

/** Without a lock: who decides does so by compare-and-set, and nothing else changes one that is pending. */
async function currentApproval(
  tx: Tx,
  { tenantId }: Caller,
  { params }: { params: { approvalId: ApprovalId } },
): Promise<unknown> {
  const row = await findApproval(tx, tenantId, params.approvalId);
  return row && renderApproval(row);
}

/** @throws PlatformError `ApprovalByRequester` */
async function refuseRequester(
  tx: Tx,
  caller: Caller,
  { params }: { params: { approvalId: ApprovalId } },
): Promise<void> {
  const row = await findApproval(tx, caller.tenantId, params.approvalId);
  const requester = row && { subject: row.requestedBySubject, clientId: row.requestedByClient };
  if (!requester || !isOwnRequest(caller, requester)) return;
  throw byRequester(params.approvalId);
}

/** @throws PlatformError `ApprovalNotPending` */
export async function decide(
  tx: Tx,
  { db, governance }: ApiDeps,
  caller: Caller,
  id: ApprovalId,
  wanted: { status: Decision['status']; comment: string | undefined },
) {
  const { tenantId, subject, clientId } = caller;
  const before = await findApproval(tx, tenantId, id);
  if (!before) throw notThere('ApprovalNotFound');
  const key = { tenantId, environmentId: before.environmentId };
  const own: Decision = { ...wanted, by: { subject, clientId }, comment: wanted.comment ?? null };
  const decision = (await decideThere(governance, before, own)) ?? own;
  if (decision.status !== own.status) {
    // It was decided otherwise at the Governance platform: that holds, and this call is refused.
    await db.forTenant(tenantId, (other) => decideApproval(other, key, id, decision));
    throw notPending(await findApproval(tx, tenantId, id));
  }
  const row = await decideApproval(tx, key, id, decision);
  if (!row) throw notPending(await findApproval(tx, tenantId, id));
  return {
    status: 200 as const,
    body: renderApproval(row),
    environmentId: key.environmentId,
    ...(row.operationId && { operation: { id: row.operationId, key } }),
  };
}

/**
 * The decision as it stands at the Governance platform, when it keeps this approval too; null when it does not.
 *
 * @throws PlatformError `GovernanceUnavailable`, `ApprovalByRequester`
 */
async function decideThere(
  { approvals }: Governance,
  row: ApprovalRow,
  { status, by, comment }: Decision,
): Promise<Decision | null> {
  const isOpen = row.status === 'Pending' && row.expiresAt > new Date();
  if (!approvals || row.externalId === null || !isOpen) return null;
  const there = await approvals.decide(row.externalId, {
    ...{ verdict: status === 'Approved' ? 'approve' : 'reject', planHash: row.planHash },
    ...{ subject: by.subject, clientId: by.clientId ?? '', comment },
  });
  if (there.isOurs) return null;
  if (there.decidedBy === row.requestedBySubject) throw byRequester(row.id);
  return { status: there.status, by: { subject: there.decidedBy, clientId: null }, comment: there.comment };
}

function byRequester(approvalId: ApprovalId): PlatformError {
  return new PlatformError('ApprovalByRequester', 'Who asked for a change does not decide about it.', {
    details: { approvalId },
  });
}

function notPending(row: Awaited<ReturnType<typeof findApproval>>): PlatformError {
  // Until reconcile has come by it still says that it waits.
  const approvalStatus = row?.status === 'Pending' ? 'Expired' : row?.status;
  return new PlatformError('ApprovalNotPending', `The approval is ${approvalStatus}: it cannot be decided any more.`, {
    details: { approvalId: row?.id, approvalStatus },
  });
}
