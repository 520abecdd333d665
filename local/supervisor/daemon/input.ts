/** What the supervisor's admin API accepts, parsed once at its edge. */
import { z } from 'zod';
import type { RevisionSpec } from '../../../providers/compute/port.ts';
import { environmentIdShape, fenceShape, nameShape, portShape } from '../input.ts';

const healthShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('http'), path: z.string() }),
  z.object({ kind: z.literal('tcp') }),
  z.object({ kind: z.literal('grpc'), service: z.string() }),
]);

const noNul = z.string().refine((text) => !text.includes('\0'), 'must not hold a NUL character');

const boundSecretShape = z.object({
  name: z.string().regex(/^(?!PORT$|SLIPWAY_)[^=\0]+$/, 'not a name of an environment variable, or a reserved one'),
  ref: z.object({ namespace: z.string(), name: z.string(), version: z.string() }),
});

const specShape: z.ZodType<RevisionSpec> = z.object({
  workload: z.object({ tenantId: z.string().min(1), environmentId: environmentIdShape, serviceId: nameShape }),
  revision: nameShape,
  image: z.string(),
  digest: z.string(),
  replicas: z.number().int().min(0).max(1000),
  port: z.number().nullable(),
  health: healthShape,
  env: z.record(z.string().regex(/^[^=\0]+$/, 'not a name of an environment variable'), noNul),
  files: z.record(noNul.min(1), z.string()),
  secrets: z.array(boundSecretShape).optional(),
  placement: z.record(z.string(), z.unknown()),
});

export const ensureShape = z.object({ fence: fenceShape, spec: specShape });
export const scaleShape = z.object({ fence: fenceShape, replicas: z.number().int().min(0).max(1000) });
export const fenceQueryShape = z.object({ fence: fenceShape });
export const tenantQueryShape = z.object({ tenantId: z.string() });
export const imageQueryShape = z.object({ reference: z.string() });
export const logQueryShape = z.object({
  tenantId: z.string(),
  revision: nameShape.optional(),
  tail: z.coerce.number().int().min(0).max(10_000),
  follow: z.stringbool(),
});

/** What the process target needs of a stack's outputs: a port range that belongs to this environment alone. */
export const placementShape = z.object({ portBase: portShape, portCount: z.number().int().min(4).max(20_000) });
