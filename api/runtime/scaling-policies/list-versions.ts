import { lastVersionOf, pageOfVersions } from '../../../db/scaling-policies.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import {
  scalingPolicyParams,
  scalingPolicyVersionList,
  scalingPolicyVersionsQuery,
} from '../../shapes/scaling-policy.ts';
import { renderVersion } from './render.ts';

/** Of a policy that is no more, too. */
export const listScalingPolicyVersions = read({
  route: '/runtime/scaling-policies/{policyId}/versions',
  summary: 'List what a scaling policy has said, the newest first',
  scope: 'runtime.scaling.read',
  input: { params: scalingPolicyParams, query: scalingPolicyVersionsQuery },
  output: { 200: scalingPolicyVersionList },
  target: {
    notFound: 'ScalingPolicyNotFound',
    locate: async (tx, tenantId, { params }) =>
      (await lastVersionOf(tx, tenantId, params.policyId))?.environmentId ?? null,
  },
  async run(tx, { tenantId }, { params, query }) {
    const page = await pageOfVersions(tx, tenantId, params.policyId, query, pageIn(query));
    return listAnswer('scaling-policy-versions', page, renderVersion);
  },
});
