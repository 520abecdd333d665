/** What a health worker reports, a line each, and what it is told. */
import { z } from 'zod';
import { HEALTH_STATUSES } from '../../domain/health.ts';
import { lineNumber, lineRefusal } from './line.ts';
import { id, instantText, moduleId, statedTenant } from './text.ts';

const reportedCheck = z.strictObject({
  name: z.string().min(1).max(100),
  status: z.enum(HEALTH_STATUSES),
  durationMs: z.number().min(0).max(3_600_000).optional(),
});

export const healthReport = z.strictObject({
  tenantId: statedTenant,
  environmentId: id('env'),
  serviceId: moduleId,
  status: z.enum(HEALTH_STATUSES),
  checks: z
    .array(reportedCheck)
    .max(50)
    .refine((checks) => new Set(checks.map(({ name }) => name)).size === checks.length, 'names a check twice'),
  /** By the worker's clock. */
  evaluatedAt: instantText,
});

export const healthReportAck = z.union([
  z.strictObject({
    line: lineNumber,
    /** Outdated: a sample as new or newer is on record, so this one says nothing any more. */
    status: z.enum(['Recorded', 'Outdated']),
  }),
  lineRefusal,
]);
