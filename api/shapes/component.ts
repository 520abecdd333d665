/** A component of a deployment as it is asked for. */
import { z } from 'zod';
import { COMPUTE_TARGETS } from '../../domain/phases.ts';
import type { HealthCheck } from '../../domain/snapshot.ts';
import { atMost, environmentVariables, imageReference, moduleId } from './text.ts';

/** `{"path": "/ready"}`, `{"tcp": true}` or `{"grpc": "package.Service"}`: how a replica is asked whether it is healthy. */
const health = z
  .strictObject({
    path: atMost(200)
      .regex(/^\/[A-Za-z0-9._~/?=&%+-]*$/, 'is a path beginning with /')
      .optional(),
    tcp: z.literal(true).optional(),
    grpc: atMost(200)
      .regex(/^[A-Za-z0-9._]*$/, 'is a service name like package.Service')
      .optional(),
  })
  .refine((check) => Object.values(check).filter((value) => value !== undefined).length === 1, {
    message: 'has exactly one of path, tcp, grpc',
  })
  .meta({ minProperties: 1, maxProperties: 1 })
  .transform(({ path, grpc }): HealthCheck => {
    if (path !== undefined) return { kind: 'http', path };
    return grpc === undefined ? { kind: 'tcp' } : { kind: 'grpc', service: grpc };
  });

export const component = z.strictObject({
  moduleId,
  image: imageReference,
  target: z.enum(COMPUTE_TARGETS),
  port: z.int().min(1).max(65_535).optional(),
  health: health.optional(),
  replicas: z.int().min(1).max(100).optional(),
  env: environmentVariables.optional(),
  resources: z
    .strictObject({
      cpuMillicores: z.int().min(1).max(256_000).optional(),
      memoryMib: z.int().min(1).max(1_048_576).optional(),
    })
    .optional(),
  dependsOn: z.array(moduleId).max(100).optional(),
});
