import { findApproval } from '../../../db/approvals.ts';
import { read } from '../../endpoint.ts';
import { approvalAnswer, approvalParams } from '../../shapes/approval.ts';
import { notThere } from '../../tenant-guard.ts';
import { byApproval } from './locate.ts';
import { renderApproval } from './render.ts';

export const getApproval = read({
  route: '/runtime/approvals/{approvalId}',
  summary: 'Read an approval: what it is about, who asked, what was decided',
  scope: 'runtime.environments.read',
  input: { params: approvalParams },
  output: { 200: approvalAnswer },
  target: byApproval,
  async run(tx, { tenantId }, { params }) {
    const row = await findApproval(tx, tenantId, params.approvalId);
    if (!row) throw notThere('ApprovalNotFound');
    return { status: 200 as const, body: renderApproval(row) };
  },
});
