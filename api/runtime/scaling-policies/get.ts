import { findScalingPolicy } from '../../../db/scaling-policies.ts';
import { read } from '../../endpoint.ts';
import { scalingPolicyAnswer, scalingPolicyParams } from '../../shapes/scaling-policy.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderScalingPolicy } from './render.ts';

export const getScalingPolicy = read({
  route: '/runtime/scaling-policies/{policyId}',
  summary: 'Read a scaling policy',
  scope: 'runtime.scaling.read',
  input: { params: scalingPolicyParams },
  output: { 200: scalingPolicyAnswer },
  target: {
    notFound: 'ScalingPolicyNotFound',
    locate: async (tx, tenantId, { params }) =>
      (await findScalingPolicy(tx, tenantId, params.policyId))?.environmentId ?? null,
  },
  async run(tx, { tenantId }, { params }) {
    const row = await findScalingPolicy(tx, tenantId, params.policyId);
    if (!row) throw notThere('ScalingPolicyNotFound');
    return { status: 200 as const, body: renderScalingPolicy(row) };
  },
});
