/** What goes in and out of the scaling policies' endpoints. */
import { z } from 'zod';
import { COMPUTE_TARGETS } from '../../domain/phases.ts';
import { MAX_REPLICAS, SCALING_CHANGES, SCALING_METRICS, SCALING_POLICY_STATUSES } from '../../domain/scaling.ts';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { id, moduleId, statedTenant } from './text.ts';

export const scalingPolicyParams = z.strictObject({ policyId: id('pol') });

export const scalingPolicyBody = z
  .strictObject({
    tenantId: statedTenant,
    environmentId: id('env'),
    serviceId: moduleId,
    target: z.enum(COMPUTE_TARGETS),
    metric: z.enum(SCALING_METRICS),
    minReplicas: z.int().min(0).max(MAX_REPLICAS),
    maxReplicas: z.int().min(1).max(MAX_REPLICAS),
    targetUtilizationPercent: z.int().min(1).max(100),
    scaleToZero: z.boolean(),
  })
  .refine((policy) => policy.minReplicas <= policy.maxReplicas, {
    path: ['minReplicas'],
    message: 'is at most maxReplicas',
  })
  .refine((policy) => policy.minReplicas > 0 || policy.scaleToZero, {
    path: ['minReplicas'],
    message: 'is 0 only when scaleToZero is true',
  });

export const scalingPolicyAnswer = z.strictObject({
  policyId: z.string(),
  environmentId: z.string(),
  serviceId: z.string(),
  target: z.enum(COMPUTE_TARGETS),
  metric: z.enum(SCALING_METRICS),
  minReplicas: z.number(),
  maxReplicas: z.number(),
  targetUtilizationPercent: z.number(),
  scaleToZero: z.boolean(),
  /** Going back to a release that ran without it removes a policy. */
  status: z.enum(SCALING_POLICY_STATUSES),
  createdAt: z.string(),
  updatedAt: z.string(),
  traceId: z.string(),
});

/** The service has to be brought within the policy's bounds: this deployment does it. */
export const scalingPolicyStarted = scalingPolicyAnswer.extend({ deploymentId: z.string() });

export const scalingPoliciesQuery = listQueryOf('scaling-policies', {
  environmentId: id('env').optional(),
  serviceId: moduleId.optional(),
  status: z.enum(SCALING_POLICY_STATUSES).default('InForce'),
  ...createdBetween,
});

export const scalingPolicyList = listOf(scalingPolicyAnswer);

/** What a policy said from `createdAt` on, until the next version; one that is removed says what it said before. */
export const scalingPolicyVersion = scalingPolicyAnswer.omit({ status: true, updatedAt: true }).extend({
  /** 1, 2, … of the policy. */
  version: z.number(),
  change: z.enum(SCALING_CHANGES),
});

export const scalingPolicyVersionsQuery = listQueryOf('scaling-policy-versions', {
  change: z.enum(SCALING_CHANGES).optional(),
  ...createdBetween,
}).refine(({ cursor }) => cursor === undefined || /^[0-9]{1,9}$/.test(cursor[0] ?? ''), {
  path: ['cursor'],
  message: 'is no cursor that this list has given',
});

export const scalingPolicyVersionList = listOf(scalingPolicyVersion);
