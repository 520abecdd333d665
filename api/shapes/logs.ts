/** What goes into the endpoints of a service, and one line of its log. */
import { z } from 'zod';
import { id, moduleId } from './text.ts';

export const serviceParams = z.strictObject({ serviceId: moduleId });

/** Wanted where several environments run a service of this id. */
export const serviceQuery = z.strictObject({ environmentId: id('env').optional() });

export const logsQuery = serviceQuery.extend({
  /** The last so many lines of each instance. */
  tail: z
    .string()
    .regex(/^(?:[0-9]{1,4}|10000)$/, 'is a number from 0 to 10000')
    .meta({ type: 'integer', minimum: 0, maximum: 10_000, default: 100, pattern: undefined })
    .transform(Number)
    .default(100),
  follow: z
    .enum(['true', 'false'])
    .meta({ type: 'boolean', default: false, enum: undefined })
    .transform((text) => text === 'true')
    .default(false),
});

export const logLine = z.strictObject({ instanceId: z.string(), revision: z.string(), line: z.string() });
