import { and, eq, inArray } from 'drizzle-orm';
import type { EnvironmentKey } from '../domain/ids.ts';
import type { ComputeTargetName } from '../domain/phases.ts';
import type { Tx } from './client.ts';
import { deployments, operations } from './schema/index.ts';
import { servicesOf } from './services.ts';
import { readSnapshot } from './snapshots.ts';

/** The services that are live on one of these targets, or that an accepted deployment would bring there; sorted. */
export async function servicesOnTargets(tx: Tx, key: EnvironmentKey, targets: ComputeTargetName[]): Promise<string[]> {
  if (targets.length === 0) return [];
  const open = await tx
    .select({ components: deployments.components, snapshotId: deployments.snapshotId })
    .from(deployments)
    .innerJoin(
      operations,
      and(eq(operations.tenantId, deployments.tenantId), eq(operations.id, deployments.operationId)),
    )
    .where(
      and(
        eq(deployments.tenantId, key.tenantId),
        eq(deployments.environmentId, key.environmentId),
        inArray(operations.status, ['Accepted', 'Updating']),
      ),
    );
  const placed = (await servicesOf(tx, key)).map(({ serviceId, target }) => ({ serviceId, target }));
  for (const { components, snapshotId } of open) {
    placed.push(...components.map(({ moduleId, target }) => ({ serviceId: moduleId, target })));
    if (snapshotId) placed.push(...Object.values((await readSnapshot(tx, key.tenantId, snapshotId)).services));
  }
  const found = placed.filter(({ target }) => targets.includes(target)).map(({ serviceId }) => serviceId);
  return [...new Set(found)].sort();
}
