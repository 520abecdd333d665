import { pageOfScalingPolicies } from '../../../db/lists.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { scalingPoliciesQuery, scalingPolicyList } from '../../shapes/scaling-policy.ts';
import { renderScalingPolicy } from './render.ts';

export const listScalingPolicies = read({
  route: '/runtime/scaling-policies',
  scope: 'runtime.scaling.read',
  summary: 'List the scaling policies in force, or those that were removed',
  input: { query: scalingPoliciesQuery },
  output: { 200: scalingPolicyList },
  async run(tx, { tenantId }, { query }) {
    const page = await pageOfScalingPolicies(tx, tenantId, query, pageIn(query));
    return listAnswer('scaling-policies', page, (row) => renderScalingPolicy(row, query.status));
  },
});
