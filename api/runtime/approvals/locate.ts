import { findApproval } from '../../../db/approvals.ts';
import type { ApprovalId } from '../../../domain/ids.ts';
import type { Target } from '../../endpoint.ts';

/** The environment of the approval that the path names. */
export const byApproval: Target<{ params: { approvalId: ApprovalId } }> = {
  notFound: 'ApprovalNotFound',
  locate: async (tx, tenantId, { params }) =>
    (await findApproval(tx, tenantId, params.approvalId))?.environmentId ?? null,
};
