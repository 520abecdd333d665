import { and, asc, eq, notInArray } from 'drizzle-orm';
import type { EnvironmentKey } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { services } from './schema/index.ts';

export type ServiceRow = typeof services.$inferSelect;

const inEnvironment = (key: EnvironmentKey) =>
  and(eq(services.tenantId, key.tenantId), eq(services.environmentId, key.environmentId));

/** The inventory of an environment, by service id. */
export async function servicesOf(tx: Tx, key: EnvironmentKey): Promise<ServiceRow[]> {
  return await tx.select().from(services).where(inEnvironment(key)).orderBy(asc(services.serviceId));
}

/** A service wherever the tenant has it: one row per environment. */
export async function findServices(tx: Tx, tenantId: string, serviceId: string): Promise<ServiceRow[]> {
  return await tx
    .select()
    .from(services)
    .where(and(eq(services.tenantId, tenantId), eq(services.serviceId, serviceId)))
    .orderBy(asc(services.environmentId));
}

/** Makes the inventory exactly these rows; a service that did not change keeps the deployment that brought it. */
export async function replaceServices(
  tx: Tx,
  key: EnvironmentKey,
  rows: Omit<ServiceRow, 'updatedAt'>[],
): Promise<void> {
  const updatedAt = new Date();
  const keep = rows.map((row) => row.serviceId);
  await tx
    .delete(services)
    .where(and(inEnvironment(key), keep.length > 0 ? notInArray(services.serviceId, keep) : undefined));
  for (const row of rows) {
    const { tenantId, environmentId, serviceId, ...fields } = row;
    await tx
      .insert(services)
      .values({ ...row, updatedAt })
      .onConflictDoUpdate({
        target: [services.tenantId, services.environmentId, services.serviceId],
        set: { ...fields, updatedAt },
      });
  }
}
