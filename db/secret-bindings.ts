/** Bindings of secrets to services: references, never values. */
import { and, asc, eq, getTableColumns, sql } from 'drizzle-orm';
import type { EnvironmentKey, SecretBindingId, TraceId } from '../domain/ids.ts';
import type { BoundSecret, SecretBindingStatus } from '../domain/secrets.ts';
import type { Tx } from './client.ts';
import { newId } from './new-id.ts';
import { secretBindings } from './schema/index.ts';

export type SecretBindingRow = typeof secretBindings.$inferSelect;

export type SecretBindingWithStatus = SecretBindingRow & { status: SecretBindingStatus };

/** In the order of `boundSecretsOf`. Names are written out: what is selected from one table has no prefix. */
export const secretBindingStatus = sql<SecretBindingStatus>`case when exists (
  select 1 from jsonb_array_elements(secret_bindings.secrets) as own where not exists (
    select 1 from secret_bindings as later
    where later.tenant_id = secret_bindings.tenant_id and later.environment_id = secret_bindings.environment_id
    and later.service_id = secret_bindings.service_id
    and (later.created_at, later.id) > (secret_bindings.created_at, secret_bindings.id)
    and later.secrets @> jsonb_build_array(jsonb_build_object('name', own -> 'name'))
  )) then 'InForce' else 'Replaced' end`;

export interface NewSecretBinding extends EnvironmentKey {
  serviceId: string;
  secrets: BoundSecret[];
  traceId: TraceId;
}

/** Whoever calls holds the environment's row lock, so that of two bindings of one variable the later one is known. */
export async function insertSecretBinding(tx: Tx, binding: NewSecretBinding): Promise<SecretBindingWithStatus> {
  const [row] = await tx
    .insert(secretBindings)
    .values({ ...binding, id: newId('sb'), rotationPolicy: 'manual', createdAt: new Date() })
    .returning();
  return { ...(row as SecretBindingRow), status: 'InForce' };
}

export async function findSecretBinding(
  tx: Tx,
  tenantId: string,
  id: SecretBindingId,
): Promise<SecretBindingWithStatus | null> {
  const [row] = await tx
    .select({ ...getTableColumns(secretBindings), status: secretBindingStatus })
    .from(secretBindings)
    .where(and(eq(secretBindings.tenantId, tenantId), eq(secretBindings.id, id)));
  return row ?? null;
}

/** What each service of an environment is bound to now, by service id: of each variable the last binding, by name. */
export async function boundSecretsOf(tx: Tx, key: EnvironmentKey): Promise<Map<string, BoundSecret[]>> {
  const rows = await tx
    .select()
    .from(secretBindings)
    .where(and(eq(secretBindings.tenantId, key.tenantId), eq(secretBindings.environmentId, key.environmentId)))
    .orderBy(asc(secretBindings.createdAt), asc(secretBindings.id));
  const bound = new Map<string, Map<string, BoundSecret>>();
  for (const { serviceId, secrets } of rows) {
    const ofService = bound.get(serviceId) ?? new Map<string, BoundSecret>();
    bound.set(serviceId, ofService);
    for (const secret of secrets) ofService.set(secret.name, secret);
  }
  return new Map(
    [...bound].map(([serviceId, secrets]) => [
      serviceId,
      [...secrets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    ]),
  );
}
