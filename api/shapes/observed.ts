/** What an inventory worker says of a service that it looked at. */
import { z } from 'zod';
import { OBSERVED_STATUSES } from '../../domain/observed.ts';
import { atMost, id, instantText, moduleId, statedTenant } from './text.ts';

export const observedParams = z.strictObject({ environmentId: id('env'), serviceId: moduleId });

const endpoint = atMost(300).regex(
  /^https?:\/\/[A-Za-z0-9.:[\]-]+(?:\/[A-Za-z0-9._~%/-]*)?$/,
  'is an http or https URL without user, query and fragment',
);

/** What was seen. */
export const observedService = z.strictObject({
  /** The revision that was looked at; it has to be the live one. */
  revision: z.string().min(1).max(100),
  observedAt: instantText,
  status: z.enum(OBSERVED_STATUSES),
  replicas: z.int().min(0).max(10_000).optional(),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'is sha256: and 64 hex digits')
    .optional(),
  /** Where it is reached from outside, beyond its own endpoint. */
  endpoints: z.array(endpoint).max(20).optional(),
});

export const observedBody = observedService.extend({ tenantId: statedTenant });
