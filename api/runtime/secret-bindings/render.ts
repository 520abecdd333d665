import type { z } from 'zod';
import type { SecretBindingWithStatus } from '../../../db/secret-bindings.ts';
import type { secretBindingAnswer } from '../../shapes/secret-binding.ts';

export function renderSecretBinding(row: SecretBindingWithStatus): z.input<typeof secretBindingAnswer> {
  return {
    secretBindingId: row.id,
    environmentId: row.environmentId,
    serviceId: row.serviceId,
    secrets: row.secrets.map(({ name, ref }) => {
      return { name, vault: ref.namespace, secret: ref.name, version: ref.version };
    }),
    rotationPolicy: row.rotationPolicy,
    status: row.status,
    createdAt: row.createdAt.toISOString(),
    traceId: row.traceId,
  };
}
