import type { z } from 'zod';
import { scalingOf, type ScalingPolicyRow, type ScalingPolicyVersionRow } from '../../../db/scaling-policies.ts';
import type { ScalingPolicyStatus } from '../../../domain/scaling.ts';
import type { scalingPolicyAnswer, scalingPolicyVersion } from '../../shapes/scaling-policy.ts';

export function renderScalingPolicy(
  row: ScalingPolicyRow,
  status: ScalingPolicyStatus = 'InForce',
): z.input<typeof scalingPolicyAnswer> {
  return {
    environmentId: row.environmentId,
    serviceId: row.serviceId,
    ...scalingOf(row),
    status,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    traceId: row.traceId,
  };
}

export function renderVersion(row: ScalingPolicyVersionRow): z.input<typeof scalingPolicyVersion> {
  return {
    environmentId: row.environmentId,
    serviceId: row.serviceId,
    ...scalingOf(row),
    version: row.version,
    change: row.change,
    createdAt: row.updatedAt.toISOString(),
    traceId: row.traceId,
  };
}
