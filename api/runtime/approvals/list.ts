import { pageOfApprovals } from '../../../db/approvals.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { approvalList, approvalsQuery } from '../../shapes/approval.ts';
import { renderApproval } from './render.ts';

export const listApprovals = read({
  route: '/runtime/approvals',
  scope: 'runtime.environments.read',
  summary: 'List approvals, the newest first',
  input: { query: approvalsQuery },
  output: { 200: approvalList },
  async run(tx, { tenantId }, { query }) {
    const page = await pageOfApprovals(tx, tenantId, query, pageIn(query));
    return listAnswer('approvals', page, renderApproval);
  },
});
