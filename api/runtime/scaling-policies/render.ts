import type { z } from 'zod';
import { scalingOf, type ScalingPolicyRow } from '../../../db/scaling-policies.ts';
import type { scalingPolicyAnswer } from '../../shapes/scaling-policy.ts';

export function renderScalingPolicy(row: ScalingPolicyRow): z.input<typeof scalingPolicyAnswer> {
  return {
    environmentId: row.environmentId,
    serviceId: row.serviceId,
    ...scalingOf(row),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    traceId: row.traceId,
  };
}
