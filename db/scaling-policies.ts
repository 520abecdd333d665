/** The scaling policy of each service: exactly one, replaced in place; what it was before stays in its versions. */
import { and, asc, eq, sql } from 'drizzle-orm';
import type { EnvironmentKey, PolicyId, TraceId } from '../domain/ids.ts';
import { hashOf } from '../domain/hash.ts';
import type { Scaling, ScalingChange } from '../domain/scaling.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Tx } from './client.ts';
import { newId } from './new-id.ts';
import { afterKey, byKey, createdBetween, equals, pageOf, type CreatedBetween, type Page } from './page.ts';
import type { PageRequest } from './page.ts';
import { scalingPolicies, scalingPolicyVersions } from './schema/index.ts';

export type ScalingPolicyRow = typeof scalingPolicies.$inferSelect;
export type ScalingPolicyVersionRow = typeof scalingPolicyVersions.$inferSelect;

const inEnvironment = (key: EnvironmentKey) =>
  and(eq(scalingPolicies.tenantId, key.tenantId), eq(scalingPolicies.environmentId, key.environmentId));

const ONE_PER_SERVICE = [scalingPolicies.tenantId, scalingPolicies.environmentId, scalingPolicies.serviceId];

/** Makes this the policy of the service. Whoever calls holds the environment's row lock. */
export async function putScalingPolicy(
  tx: Tx,
  key: EnvironmentKey,
  serviceId: string,
  wanted: Omit<Scaling, 'policyId'>,
  traceId: TraceId,
): Promise<{ row: ScalingPolicyRow; replaced: boolean }> {
  const now = new Date();
  const { tenantId, environmentId } = key;
  const [before] = await tx
    .update(scalingPolicies)
    .set({ ...wanted, traceId, updatedAt: now })
    .where(and(inEnvironment(key), eq(scalingPolicies.serviceId, serviceId)))
    .returning();
  if (before) {
    await record(tx, before, 'Applied');
    return { row: before, replaced: true };
  }
  const times = { createdAt: now, updatedAt: now };
  const [row] = await tx
    .insert(scalingPolicies)
    .values({ tenantId, environmentId, id: newId('pol'), serviceId, ...wanted, traceId, ...times })
    .returning();
  await record(tx, row as ScalingPolicyRow, 'Applied');
  return { row: row as ScalingPolicyRow, replaced: false };
}

export async function findScalingPolicy(tx: Tx, tenantId: string, id: PolicyId): Promise<ScalingPolicyRow | null> {
  const [row] = await tx
    .select()
    .from(scalingPolicies)
    .where(and(eq(scalingPolicies.tenantId, tenantId), eq(scalingPolicies.id, id)));
  return row ?? null;
}

/** The policies in force in an environment, by service id. */
export async function scalingPoliciesOf(tx: Tx, key: EnvironmentKey): Promise<Map<string, ScalingPolicyRow>> {
  const rows = await tx
    .select()
    .from(scalingPolicies)
    .where(inEnvironment(key))
    .orderBy(asc(scalingPolicies.serviceId));
  return new Map(rows.map((row) => [row.serviceId, row]));
}

/**
 * Puts the policies of a snapshot's services in force again. One that was applied since `acceptedAt` is newer than the
 * wish to go back, and stays.
 */
export async function restoreScalingPolicies(
  tx: Tx,
  key: EnvironmentKey,
  { services }: Snapshot,
  { acceptedAt, traceId }: { acceptedAt: Date; traceId: TraceId },
): Promise<void> {
  const now = await scalingPoliciesOf(tx, key);
  const updatedAt = new Date();
  for (const { serviceId, scaling } of Object.values(services)) {
    const current = now.get(serviceId);
    if (current && current.updatedAt >= acceptedAt) continue;
    if (current && scaling && hashOf(scalingOf(current)) === hashOf(scaling)) continue;
    if (current && current.id !== scaling?.policyId) await record(tx, { ...current, traceId, updatedAt }, 'Removed');
    if (scaling) {
      const { policyId: id, ...wanted } = scaling;
      const createdAt = (await lastVersionOf(tx, key.tenantId, id))?.createdAt ?? updatedAt;
      const fields = { id, ...wanted, traceId, createdAt, updatedAt };
      const [row] = await tx
        .insert(scalingPolicies)
        .values({ ...key, serviceId, ...fields })
        .onConflictDoUpdate({ target: ONE_PER_SERVICE, set: fields })
        .returning();
      await record(tx, row as ScalingPolicyRow, 'Restored');
    } else if (current) {
      await tx.delete(scalingPolicies).where(and(inEnvironment(key), eq(scalingPolicies.serviceId, serviceId)));
    }
  }
}

/** Part of every change, under the environment's row lock: so the numbers have no gap. */
async function record(tx: Tx, row: ScalingPolicyRow, change: ScalingChange): Promise<void> {
  const last = sql`select max(version) from scaling_policy_versions where tenant_id = ${row.tenantId} and id = ${row.id}`;
  await tx.insert(scalingPolicyVersions).values({ ...row, change, version: sql`coalesce((${last}), 0) + 1` });
}

/** The last version of a policy, whether it is in force or not. */
export async function lastVersionOf(tx: Tx, tenantId: string, id: PolicyId): Promise<ScalingPolicyVersionRow | null> {
  const [row] = await tx
    .select()
    .from(scalingPolicyVersions)
    .where(isVersionOf(tenantId, id))
    .orderBy(...byKey(scalingPolicyVersions.version))
    .limit(1);
  return row ?? null;
}

/** The newest first. */
export async function pageOfVersions(
  tx: Tx,
  tenantId: string,
  id: PolicyId,
  filter: CreatedBetween & { change?: ScalingChange },
  page: PageRequest,
): Promise<Page<ScalingPolicyVersionRow>> {
  const { version, change, updatedAt } = scalingPolicyVersions;
  const rows = await tx
    .select()
    .from(scalingPolicyVersions)
    .where(
      and(
        isVersionOf(tenantId, id),
        equals(change, filter.change),
        createdBetween(updatedAt, filter),
        afterKey(page, version),
      ),
    )
    .orderBy(...byKey(version))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [String(row.version)]);
}

const isVersionOf = (tenantId: string, id: PolicyId) =>
  and(eq(scalingPolicyVersions.tenantId, tenantId), eq(scalingPolicyVersions.id, id));

/** Of the versions those that took a policy away which has not come back since. */
export const isLastOfRemoved = and(
  eq(scalingPolicyVersions.change, 'Removed'),
  sql`not exists (select 1 from scaling_policy_versions as later where later.tenant_id = ${scalingPolicyVersions.tenantId}
    and later.id = ${scalingPolicyVersions.id} and later.version > ${scalingPolicyVersions.version})`,
);

/** What a snapshot keeps of a policy. */
export function scalingOf(row: ScalingPolicyRow): Scaling {
  const { id, target, metric, minReplicas, maxReplicas, targetUtilizationPercent, scaleToZero } = row;
  return { policyId: id, target, metric, minReplicas, maxReplicas, targetUtilizationPercent, scaleToZero };
}
