/** What approving and rejecting have in common: never by the requester, once, and in time. */
import { findApproval, type Decision } from '../../../db/approvals.ts';
import type { Tx } from '../../../db/client.ts';
import { decideApproval } from '../../../db/held-operations.ts';
import { isOwnRequest } from '../../../domain/approvals.ts';
import { PlatformError } from '../../../domain/errors.ts';
import type { ApprovalId } from '../../../domain/ids.ts';
import type { Caller } from '../../caller.ts';
import { approvalAnswer, approvalDecisionBody, approvalParams } from '../../shapes/approval.ts';
import { notThere } from '../../tenant-guard.ts';
import { byApproval } from './locate.ts';
import { renderApproval } from './render.ts';

/** All of an endpoint that decides but its route and `run`. */
export const deciding = {
  scope: 'runtime.approvals.write',
  refuses: ['ApprovalByRequester', 'ApprovalNotPending'],
  input: { params: approvalParams, body: approvalDecisionBody },
  output: { 200: approvalAnswer },
  target: byApproval,
  permit: refuseRequester,
} as const;

/** @throws PlatformError `ApprovalByRequester` */
async function refuseRequester(
  tx: Tx,
  caller: Caller,
  { params }: { params: { approvalId: ApprovalId } },
): Promise<void> {
  const row = await findApproval(tx, caller.tenantId, params.approvalId);
  const requester = row && { subject: row.requestedBySubject, clientId: row.requestedByClient };
  if (!requester || !isOwnRequest(caller, requester)) return;
  throw new PlatformError('ApprovalByRequester', 'Who asked for a change does not decide about it.', {
    details: { approvalId: params.approvalId },
  });
}

/** @throws PlatformError `ApprovalNotPending` */
export async function decide(
  tx: Tx,
  { tenantId, subject, clientId }: Caller,
  id: ApprovalId,
  { status, comment }: { status: Decision['status']; comment: string | undefined },
) {
  const before = await findApproval(tx, tenantId, id);
  if (!before) throw notThere('ApprovalNotFound');
  const key = { tenantId, environmentId: before.environmentId };
  const by = { subject, clientId };
  const row = await decideApproval(tx, key, id, { status, by, comment: comment ?? null });
  if (!row) throw notPending(await findApproval(tx, tenantId, id));
  return {
    status: 200 as const,
    body: renderApproval(row),
    environmentId: key.environmentId,
    ...(row.operationId && { operation: { id: row.operationId, key } }),
  };
}

function notPending(row: Awaited<ReturnType<typeof findApproval>>): PlatformError {
  // Until reconcile has come by it still says that it waits.
  const approvalStatus = row?.status === 'Pending' ? 'Expired' : row?.status;
  return new PlatformError('ApprovalNotPending', `The approval is ${approvalStatus}: it cannot be decided any more.`, {
    details: { approvalId: row?.id, approvalStatus },
  });
}
