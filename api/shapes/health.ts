/** What the health endpoints of a service answer. */
import { z } from 'zod';
import { HEALTH_STATUSES } from '../../domain/health.ts';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { id } from './text.ts';

const healthStatus = z.enum(HEALTH_STATUSES).meta({
  description:
    'Healthy: as many replicas as should run are, and every check holds. Degraded: it serves, but a replica or a check does not hold. Unhealthy: no replica is healthy. Unknown: it was not probed yet, or its target cannot be reached.',
});

export const checkResult = z.strictObject({
  /** `self` is the platform's own check; the others are the workload's. */
  name: z.string(),
  status: healthStatus,
  durationMs: z.number().optional(),
});

/** As of one moment. */
export const healthSample = z.strictObject({
  status: healthStatus,
  checks: z.array(checkResult),
  evaluatedAt: z.string(),
});

export const healthAnswer = healthSample.extend({
  serviceId: z.string(),
  environmentId: z.string(),
  /** Null while the service was not probed yet. */
  evaluatedAt: z.string().nullable(),
});

const isTime = (text = '') => /^[0-9]{4}-[0-9TZ:.-]+$/.test(text) && !Number.isNaN(Date.parse(text));

export const healthHistoryQuery = listQueryOf('health', {
  environmentId: id('env').optional(),
  status: healthStatus.optional(),
  ...createdBetween,
}).refine(({ cursor }) => cursor === undefined || isTime(cursor[0]), {
  path: ['cursor'],
  message: 'is no cursor that this list has given',
});

export const healthHistory = listOf(healthSample);
