import { and, asc, eq, notInArray, sql } from 'drizzle-orm';
import type { EnvironmentKey } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { makeDue, removeDue } from './due.ts';
import { forgetHealth } from './health.ts';
import { services } from './schema/index.ts';

export type ServiceRow = typeof services.$inferSelect;
/** What Slipway itself says of a service. */
export type OwnServiceRow = Omit<ServiceRow, 'updatedAt' | 'observed'>;

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

/**
 * Makes the inventory exactly these rows; a service that did not change keeps the deployment that brought it. Each is due
 * to be probed at once; what was seen of those that are gone goes with them.
 */
export async function replaceServices(tx: Tx, key: EnvironmentKey, rows: OwnServiceRow[]): Promise<void> {
  const updatedAt = new Date();
  const keep = rows.map((row) => row.serviceId);
  const gone = await tx
    .delete(services)
    .where(and(inEnvironment(key), keep.length > 0 ? notInArray(services.serviceId, keep) : undefined))
    .returning({ serviceId: services.serviceId });
  const goneIds = gone.map(({ serviceId }) => serviceId);
  // First the rows that lead to a sample: a visit under way then writes none any more.
  await removeDue(tx, key, 'health', goneIds);
  await forgetHealth(tx, key, goneIds);
  for (const row of rows) {
    const { tenantId, environmentId, serviceId, ...fields } = row;
    // What was seen was seen of a revision; nobody has looked at another one yet.
    const ofSameRevision = sql`case when ${services.revision} = excluded.revision then ${services.observed} end`;
    await tx
      .insert(services)
      .values({ ...row, updatedAt })
      .onConflictDoUpdate({
        target: [services.tenantId, services.environmentId, services.serviceId],
        set: { ...fields, updatedAt, observed: ofSameRevision },
      });
    await makeDue(tx, { tenantId, environmentId, kind: 'health', subject: serviceId }, updatedAt);
  }
}

/** Whether the inventory has the service. If it does, it is not taken away before this transaction has ended. */
export async function holdService(tx: Tx, key: EnvironmentKey, serviceId: string): Promise<boolean> {
  const rows = await tx
    .select({ serviceId: services.serviceId })
    .from(services)
    .where(and(inEnvironment(key), eq(services.serviceId, serviceId)))
    .for('key share');
  return rows.length > 0;
}
