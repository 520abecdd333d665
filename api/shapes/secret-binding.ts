/** What goes in and out of the secret bindings' endpoints: references, never values. */
import { z } from 'zod';
import { SECRET_BINDING_STATUSES } from '../../domain/secrets.ts';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { environmentVariableName, id, moduleId, statedTenant } from './text.ts';

/** What a vault takes for a namespace, a secret or a version. */
const vaultName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/,
    'is up to 127 letters, digits and ._- and begins with a letter or a digit',
  );

export const secretBindingParams = z.strictObject({ secretBindingId: id('sb') });

const wantedSecret = z.strictObject({
  /** The environment variable that will hold it. */
  name: environmentVariableName,
  /** @default the environment's own namespace, which is the only one that its services can be bound to */
  vault: vaultName.optional(),
  secret: vaultName,
  /** @default the latest at the time of the binding; either way it is pinned */
  version: vaultName.optional(),
});

export const secretBindingBody = z.strictObject({
  tenantId: statedTenant,
  environmentId: id('env'),
  serviceId: moduleId,
  secrets: z
    .array(wantedSecret)
    .min(1)
    .max(50, { abort: true })
    .superRefine((secrets, context) => {
      for (const [index, { name }] of secrets.entries()) {
        if (secrets.findIndex((other) => other.name === name) === index) continue;
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is named before' });
      }
    }),
});

export const secretBindingAnswer = z.strictObject({
  secretBindingId: z.string(),
  environmentId: z.string(),
  serviceId: z.string(),
  secrets: z.array(z.strictObject({ name: z.string(), vault: z.string(), secret: z.string(), version: z.string() })),
  /** `manual`: another version is taken by another binding. */
  rotationPolicy: z.enum(['manual']),
  /** Replaced, when all of its variables have been bound anew. */
  status: z.enum(SECRET_BINDING_STATUSES),
  createdAt: z.string(),
  traceId: z.string(),
});

export const secretBindingsQuery = listQueryOf('secret-bindings', {
  environmentId: id('env').optional(),
  serviceId: moduleId.optional(),
  status: z.enum(SECRET_BINDING_STATUSES).optional(),
  ...createdBetween,
});

export const secretBindingList = listOf(secretBindingAnswer);
