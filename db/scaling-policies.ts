/** The scaling policy of each service: exactly one, replaced in place. */
import { and, asc, eq } from 'drizzle-orm';
import type { EnvironmentKey, PolicyId, TraceId } from '../domain/ids.ts';
import type { Scaling } from '../domain/scaling.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Tx } from './client.ts';
import { newId } from './new-id.ts';
import { scalingPolicies } from './schema/index.ts';

export type ScalingPolicyRow = typeof scalingPolicies.$inferSelect;

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
  if (before) return { row: before, replaced: true };
  const times = { createdAt: now, updatedAt: now };
  const [row] = await tx
    .insert(scalingPolicies)
    .values({ tenantId, environmentId, id: newId('pol'), serviceId, ...wanted, traceId, ...times })
    .returning();
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
  for (const { serviceId, scaling } of Object.values(services)) {
    const current = now.get(serviceId);
    if (current && current.updatedAt >= acceptedAt) continue;
    if (scaling) {
      const { policyId: id, ...wanted } = scaling;
      const fields = { id, ...wanted, traceId, updatedAt: new Date() };
      await tx
        .insert(scalingPolicies)
        .values({ ...key, serviceId, ...fields, createdAt: fields.updatedAt })
        .onConflictDoUpdate({ target: ONE_PER_SERVICE, set: fields });
    } else if (current) {
      await tx.delete(scalingPolicies).where(and(inEnvironment(key), eq(scalingPolicies.serviceId, serviceId)));
    }
  }
}

/** What a snapshot keeps of a policy. */
export function scalingOf(row: ScalingPolicyRow): Scaling {
  const { id, target, metric, minReplicas, maxReplicas, targetUtilizationPercent, scaleToZero } = row;
  return { policyId: id, target, metric, minReplicas, maxReplicas, targetUtilizationPercent, scaleToZero };
}
