import { and, asc, eq, inArray, isNotNull, isNull } from 'drizzle-orm';
import type { DeploymentId, OperationId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { components, deployments } from './schema/index.ts';

export type ComponentRow = typeof components.$inferSelect;
export type NewComponent = Pick<
  ComponentRow,
  'serviceId' | 'action' | 'status' | 'image' | 'digest' | 'target' | 'fromRevision' | 'toRevision' | 'replicasWanted'
>;
export type ComponentProgress = Partial<
  Pick<ComponentRow, 'status' | 'replicasReady' | 'trafficPercent' | 'reason' | 'failure' | 'startedAt' | 'endedAt'>
>;

export async function insertComponents(
  tx: Tx,
  tenantId: string,
  deploymentId: DeploymentId,
  rows: NewComponent[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.insert(components).values(rows.map((row) => ({ ...row, tenantId, deploymentId })));
}

export async function componentsOf(tx: Tx, tenantId: string, deploymentId: DeploymentId): Promise<ComponentRow[]> {
  return await tx
    .select()
    .from(components)
    .where(and(eq(components.tenantId, tenantId), eq(components.deploymentId, deploymentId)))
    .orderBy(asc(components.serviceId));
}

export async function updateComponent(
  tx: Tx,
  tenantId: string,
  deploymentId: DeploymentId,
  serviceId: string,
  progress: ComponentProgress,
): Promise<void> {
  await tx
    .update(components)
    .set(progress)
    .where(
      and(
        eq(components.tenantId, tenantId),
        eq(components.deploymentId, deploymentId),
        eq(components.serviceId, serviceId),
      ),
    );
}

/** Ends the rows of a deployment that ended while they were under way; those that had ended, or never began, stay. */
export async function closeComponents(
  tx: Tx,
  tenantId: string,
  operationId: OperationId,
  status: ComponentRow['status'],
): Promise<void> {
  const deployment = tx
    .select({ id: deployments.id })
    .from(deployments)
    .where(and(eq(deployments.tenantId, tenantId), eq(deployments.operationId, operationId)));
  await tx
    .update(components)
    .set({ status, endedAt: new Date() })
    .where(
      and(
        eq(components.tenantId, tenantId),
        inArray(components.deploymentId, deployment),
        isNotNull(components.startedAt),
        isNull(components.endedAt),
      ),
    );
}
