/** A tenant's binding to an environment: made with it, changed and taken back by the platform's own services. */
import { and, asc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import type { BindingId, EnvironmentId, EnvironmentKey } from '../domain/ids.ts';
import type { IsolationModel } from '../domain/phases.ts';
import type { EnvironmentQuotas } from '../domain/quota.ts';
import type { Tx } from './client.ts';
import { appendEvent } from './events.ts';
import { newId } from './new-id.ts';
import { afterKey, byKey, createdBetween, equals, pageOf, type CreatedBetween, type Page } from './page.ts';
import type { PageRequest } from './page.ts';
import { serializeOn } from './requests.ts';
import { operations, tenantBindings } from './schema/index.ts';

export type TenantBindingRow = typeof tenantBindings.$inferSelect;

const ofEnvironment = (key: EnvironmentKey) =>
  and(eq(tenantBindings.tenantId, key.tenantId), eq(tenantBindings.environmentId, key.environmentId));

export async function findBinding(tx: Tx, tenantId: string, id: BindingId): Promise<TenantBindingRow | null> {
  const [row] = await tx
    .select()
    .from(tenantBindings)
    .where(and(eq(tenantBindings.tenantId, tenantId), eq(tenantBindings.id, id)));
  return row ?? null;
}

export async function bindingOf(tx: Tx, key: EnvironmentKey): Promise<TenantBindingRow | null> {
  const [row] = await tx.select().from(tenantBindings).where(ofEnvironment(key));
  return row ?? null;
}

/**
 * Part of an acceptance: whether the binding holds. If it does, it cannot be revoked before this transaction has ended.
 * Whoever takes the environment's row lock too takes that one afterwards, as a revocation does.
 */
export async function holdBinding(tx: Tx, key: EnvironmentKey): Promise<boolean> {
  const rows = await tx
    .select({ id: tenantBindings.id })
    .from(tenantBindings)
    .where(and(ofEnvironment(key), isNull(tenantBindings.revokedAt)))
    .for('share');
  return rows.length > 0;
}

/** The binding as it stays until this transaction ends; null when there is none, and then nobody makes one meanwhile. */
export async function lockBinding(tx: Tx, key: EnvironmentKey): Promise<TenantBindingRow | null> {
  await serializeOn(tx, 'binding', key.tenantId, key.environmentId);
  const [row] = await tx.select().from(tenantBindings).where(ofEnvironment(key)).for('update');
  return row ?? null;
}

export interface BindingFilter extends CreatedBetween {
  environmentId?: EnvironmentId;
  isRevoked?: boolean;
}

/** Bindings, revoked ones too. */
export async function pageOfBindings(
  tx: Tx,
  tenantId: string,
  filter: BindingFilter,
  page: PageRequest,
): Promise<Page<TenantBindingRow>> {
  const { id, revokedAt } = tenantBindings;
  const revoked =
    filter.isRevoked === undefined ? undefined : filter.isRevoked ? isNotNull(revokedAt) : isNull(revokedAt);
  const rows = await tx
    .select()
    .from(tenantBindings)
    .where(
      and(
        eq(tenantBindings.tenantId, tenantId),
        equals(tenantBindings.environmentId, filter.environmentId),
        revoked,
        createdBetween(tenantBindings.createdAt, filter),
        afterKey(page, id),
      ),
    )
    .orderBy(...byKey(id))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.id]);
}

/**
 * Makes the binding hold: a new one, or the one that was revoked. With all of it as it should be, nothing happens.
 *
 * @param quota undefined leaves what an earlier call has said; null takes it back.
 */
export async function establishBinding(
  tx: Tx,
  key: EnvironmentKey,
  isolationModel: IsolationModel,
  quota: Partial<EnvironmentQuotas> | null | undefined,
): Promise<{ row: TenantBindingRow; isNew: boolean }> {
  await serializeOn(tx, 'binding', key.tenantId, key.environmentId);
  const before = await bindingOf(tx, key);
  const wanted = { revokedAt: null, ...(quota !== undefined && { quota }) };
  const [row] = before
    ? await tx
        .update(tenantBindings)
        .set(wanted)
        .where(
          and(
            ofEnvironment(key),
            // Whatever would stay the same is no change, and no event.
            sql`(${tenantBindings.revokedAt} is not null or ${
              quota === undefined ? sql`false` : sql`${tenantBindings.quota} is distinct from ${jsonb(quota)}`
            })`,
          ),
        )
        .returning()
    : await tx
        .insert(tenantBindings)
        .values({ ...key, id: newId('tb'), isolationModel, createdAt: new Date(), ...wanted })
        .returning();
  if (row) {
    const data = { tenantBindingId: row.id, quota: row.quota };
    await appendEvent(tx, key, { type: 'binding.established', data });
  }
  return { row: row ?? (before as TenantBindingRow), isNew: before === null };
}

const jsonb = (value: unknown) => sql`${value === null ? null : JSON.stringify(value)}::jsonb`;

/**
 * Takes the binding back, once: no call of the tenant reaches the environment any more. What was accepted before goes on,
 * and the event names it. An acceptance under way is waited for.
 */
export async function revokeBinding(tx: Tx, tenantId: string, id: BindingId): Promise<TenantBindingRow | null> {
  const [row] = await tx
    .update(tenantBindings)
    .set({ revokedAt: new Date() })
    .where(and(eq(tenantBindings.tenantId, tenantId), eq(tenantBindings.id, id), isNull(tenantBindings.revokedAt)))
    .returning();
  if (!row) return await findBinding(tx, tenantId, id);
  const open = await tx
    .select({ id: operations.id })
    .from(operations)
    .where(
      and(
        eq(operations.tenantId, tenantId),
        eq(operations.environmentId, row.environmentId),
        inArray(operations.status, ['Accepted', 'Updating']),
      ),
    )
    .orderBy(asc(operations.seq));
  const data = { tenantBindingId: id, goesOn: open.map((operation) => operation.id) };
  await appendEvent(tx, row, { type: 'binding.revoked', data });
  return row;
}
