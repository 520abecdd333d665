/** What goes in and out of the drift endpoints. */
import { z } from 'zod';
import { DRIFT_KINDS, DRIFT_SEVERITIES, DRIFT_STATUSES } from '../../domain/drift.ts';
import { OPERATION_STATUSES } from '../../domain/phases.ts';
import { listQueryOf, time } from '../list.ts';
import { moduleId, statedTenant } from './text.ts';

export const driftQuery = listQueryOf('drift', {
  status: z.enum(DRIFT_STATUSES).default('Open'),
  serviceId: moduleId.optional(),
  kind: z.enum(DRIFT_KINDS).optional(),
  severity: z.enum(DRIFT_SEVERITIES).optional(),
  detectedAfter: time,
  detectedBefore: time,
});

export const driftFinding = z.strictObject({
  findingId: z.string(),
  /** Null for what belongs to no service: a resource of the stack. */
  serviceId: z.string().nullable(),
  kind: z.enum(DRIFT_KINDS),
  desired: z.string(),
  actual: z.string(),
  severity: z.enum(DRIFT_SEVERITIES),
  /** When a scan saw it first. */
  detectedAt: z.string(),
  /** The Pulumi URN of a resource of the stack. */
  resource: z.string().optional(),
  /** When a scan saw it no more; left out while it is open. */
  resolvedAt: z.string().optional(),
});

export const driftAnswer = z.strictObject({
  environmentId: z.string(),
  findings: z.array(driftFinding),
  /** Give it back as `cursor` for what comes next; left out at the end. */
  nextCursor: z.string().optional(),
});

export const scanBody = z.strictObject({ tenantId: statedTenant }).default({});

export const scanAnswer = z.strictObject({
  environmentId: z.string(),
  operationId: z.string(),
  status: z.enum(OPERATION_STATUSES),
  traceId: z.string(),
});
