import type { z } from 'zod';
import type { ApprovalRow } from '../../../db/approvals.ts';
import { operationPath } from '../../paths.ts';
import type { approvalAnswer } from '../../shapes/approval.ts';

export function renderApproval(row: ApprovalRow): z.input<typeof approvalAnswer> {
  return {
    approvalId: row.id,
    environmentId: row.environmentId,
    operationId: row.operationId,
    operation: row.operationId && operationPath(row.operationId),
    action: row.action,
    planHash: row.planHash,
    reasons: row.reasons,
    obligations: row.obligations,
    status: row.status,
    requestedBy: { subject: row.requestedBySubject, clientId: row.requestedByClient },
    decidedBy: row.decidedBySubject === null ? null : { subject: row.decidedBySubject, clientId: row.decidedByClient },
    decidedAt: row.decidedAt?.toISOString() ?? null,
    comment: row.comment,
    expiresAt: row.expiresAt.toISOString(),
    createdAt: row.createdAt.toISOString(),
    traceId: row.traceId,
  };
}
