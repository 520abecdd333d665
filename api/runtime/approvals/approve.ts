import { mutation } from '../../endpoint.ts';
import { decide, deciding } from './decide.ts';

export const approveApproval = mutation({
  ...deciding,
  refuses: [...deciding.refuses],
  route: '/runtime/approvals/{approvalId}/approve',
  summary: 'Approve a change, so that what waits for it goes on',
  run: (tx, caller, { params, body }, deps) =>
    decide(tx, deps, caller, params.approvalId, { status: 'Approved', comment: body.comment }),
});
