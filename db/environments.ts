import { and, eq, inArray, isNull, notInArray, sql } from 'drizzle-orm';
import { OperationFault } from '../domain/failures.ts';
import type { EnvironmentKey, SnapshotId } from '../domain/ids.ts';
import type { EnvironmentStatus } from '../domain/phases.ts';
import type { Tx } from './client.ts';
import { setDue } from './due.ts';
import { newId } from './new-id.ts';
import { environments, tenantBindings } from './schema/index.ts';

export type EnvironmentRow = typeof environments.$inferSelect;
export type NewEnvironment = Pick<
  EnvironmentRow,
  | 'tenantId'
  | 'id'
  | 'projectId'
  | 'name'
  | 'stage'
  | 'region'
  | 'isolationModel'
  | 'computeTargets'
  | 'pulumiStackRef'
  | 'traceId'
> &
  Partial<Pick<EnvironmentRow, 'expiresAt'>>;

const isIt = (key: EnvironmentKey) =>
  and(eq(environments.tenantId, key.tenantId), eq(environments.id, key.environmentId));

/** What makes the `expiry` sweep look at an environment: due when the environment expires, and moved with that. */
const expiryOf = ({ tenantId, environmentId }: EnvironmentKey) =>
  ({ tenantId, kind: 'expiry', environmentId, subject: 'environment' }) as const;

/** A new environment and its tenant's binding to it. @throws DatabaseError 23505 `environments_name` when the name is taken. */
export async function insertEnvironment(
  tx: Tx,
  environment: NewEnvironment,
  status: EnvironmentStatus = 'Provisioning',
): Promise<EnvironmentRow> {
  const now = new Date();
  const { tenantId, id } = environment;
  const [row] = await tx
    .insert(environments)
    .values({ ...environment, status, createdAt: now, updatedAt: now })
    .returning();
  await tx.insert(tenantBindings).values({
    tenantId,
    id: newId('tb'),
    environmentId: id,
    isolationModel: environment.isolationModel,
    createdAt: now,
  });
  if (environment.expiresAt) await setDue(tx, expiryOf({ tenantId, environmentId: id }), environment.expiresAt);
  return row as EnvironmentRow;
}

export async function findEnvironment(tx: Tx, key: EnvironmentKey): Promise<EnvironmentRow | null> {
  const [row] = await tx.select().from(environments).where(isIt(key));
  return row ?? null;
}

/** The environment that holds a name now, if one does. */
export async function findEnvironmentByName(tx: Tx, tenantId: string, name: string): Promise<EnvironmentRow | null> {
  const [row] = await tx
    .select()
    .from(environments)
    .where(
      and(
        eq(environments.tenantId, tenantId),
        eq(environments.name, name),
        notInArray(environments.status, ['Failed', 'Decommissioned']),
      ),
    );
  return row ?? null;
}

/** Locks the row until the transaction ends: who accepts, claims or ends an operation holds it. */
export async function lockEnvironment(tx: Tx, key: EnvironmentKey): Promise<EnvironmentRow | null> {
  const [row] = await tx.select().from(environments).where(isIt(key)).for('update');
  return row ?? null;
}

export type BindingState = 'bound' | 'revoked' | 'none';

export async function bindingState(tx: Tx, key: EnvironmentKey): Promise<BindingState> {
  return (await findGuarded(tx, key))?.binding ?? 'none';
}

/** An environment, and how its tenant is bound to it. */
export async function findGuarded(
  tx: Tx,
  key: EnvironmentKey,
): Promise<{ environment: EnvironmentRow; binding: BindingState } | null> {
  const [found] = await tx
    .select({ environment: environments, bound: tenantBindings })
    .from(environments)
    .leftJoin(
      tenantBindings,
      and(eq(tenantBindings.tenantId, environments.tenantId), eq(tenantBindings.environmentId, environments.id)),
    )
    .where(isIt(key));
  if (!found) return null;
  const { environment, bound } = found;
  return { environment, binding: bound === null ? 'none' : bound.revokedAt === null ? 'bound' : 'revoked' };
}

/** Compare-and-set of the status; false when it was none of `from`. */
export async function setEnvironmentStatus(
  tx: Tx,
  key: EnvironmentKey,
  from: EnvironmentStatus[],
  to: EnvironmentStatus,
): Promise<boolean> {
  const rows = await tx
    .update(environments)
    .set({ status: to, updatedAt: new Date() })
    .where(and(isIt(key), inArray(environments.status, from)))
    .returning({ id: environments.id });
  return rows.length > 0;
}

/** What is left out stays as it is. */
export async function changeEnvironment(
  tx: Tx,
  key: EnvironmentKey,
  change: Partial<Pick<EnvironmentRow, 'computeTargets' | 'expiresAt'>>,
): Promise<void> {
  await tx
    .update(environments)
    .set({ ...change, updatedAt: new Date() })
    .where(isIt(key));
  if (change.expiresAt !== undefined) await setDue(tx, expiryOf(key), change.expiresAt);
}

export async function setOutputs(tx: Tx, key: EnvironmentKey, outputs: Record<string, unknown> | null): Promise<void> {
  await tx.update(environments).set({ outputs, updatedAt: new Date() }).where(isIt(key));
}

/** Nothing should run any more. */
export async function clearLiveSnapshot(tx: Tx, key: EnvironmentKey): Promise<void> {
  await tx.update(environments).set({ liveSnapshotId: null, updatedAt: new Date() }).where(isIt(key));
}

/** Points the environment at what should run. Compare-and-set against the snapshot that was live when the work began. */
export async function setLiveSnapshot(
  tx: Tx,
  key: EnvironmentKey,
  before: SnapshotId | null,
  after: SnapshotId,
): Promise<boolean> {
  const was = before === null ? isNull(environments.liveSnapshotId) : eq(environments.liveSnapshotId, before);
  const rows = await tx
    .update(environments)
    .set({ liveSnapshotId: after, updatedAt: new Date() })
    .where(and(isIt(key), was))
    .returning({ id: environments.id });
  return rows.length > 0;
}

/** Notes that reality may differ from the live snapshot (`reason`), or that it has been brought back (null). Not for callers to see. */
export async function setConvergeReason(tx: Tx, key: EnvironmentKey, reason: string | null): Promise<void> {
  await tx.update(environments).set({ convergeReason: reason }).where(isIt(key));
}

/**
 * The next fence. The clock keeps it rising after the database was restored to an earlier moment; the greatest keeps it
 * rising when the clock does not.
 */
export async function claimFence(tx: Tx, key: EnvironmentKey): Promise<number> {
  const [row] = await tx
    .update(environments)
    .set({
      fence: sql`greatest(${environments.fence} + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint)`,
    })
    .where(isIt(key))
    .returning({ fence: environments.fence });
  if (!row) throw new Error(`no environment ${key.environmentId} to take a fence of`);
  return row.fence;
}

/**
 * Part of a transaction that writes for an attempt: locks the environment and makes sure that no later attempt has begun.
 *
 * @throws OperationFault `FenceRefused`
 */
export async function requireFence(tx: Tx, key: EnvironmentKey, fence: number): Promise<void> {
  const current = (await lockEnvironment(tx, key))?.fence;
  if (current === fence) return;
  throw new OperationFault({ code: 'FenceRefused', message: `Fence ${fence} was overtaken by ${current}.` });
}
