import { mutation } from '../../endpoint.ts';
import { decide, deciding } from './decide.ts';

export const rejectApproval = mutation({
  ...deciding,
  refuses: [...deciding.refuses],
  route: '/runtime/approvals/{approvalId}/reject',
  summary: 'Reject a change, so that what waits for it ends',
  run: (tx, caller, { params, body }, deps) =>
    decide(tx, deps, caller, params.approvalId, { status: 'Rejected', comment: body.comment }),
});
