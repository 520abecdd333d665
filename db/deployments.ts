import { and, desc, eq, inArray } from 'drizzle-orm';
import type { DeploymentId, EnvironmentKey, OperationId, SnapshotId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { deployments, operations } from './schema/index.ts';
import { originOf } from './snapshots.ts';

export type DeploymentRow = typeof deployments.$inferSelect;
export type NewDeployment = Omit<
  DeploymentRow,
  'previousSnapshotId' | 'preparedAt' | 'createdAt' | 'stepsPassed' | 'step'
>;

export async function insertDeployment(tx: Tx, deployment: NewDeployment): Promise<DeploymentRow> {
  const [row] = await tx
    .insert(deployments)
    .values({ ...deployment, createdAt: new Date() })
    .returning();
  return row as DeploymentRow;
}

export async function findDeployment(tx: Tx, tenantId: string, id: DeploymentId): Promise<DeploymentRow | null> {
  const [row] = await tx
    .select()
    .from(deployments)
    .where(and(eq(deployments.tenantId, tenantId), eq(deployments.id, id)));
  return row ?? null;
}

export async function findDeploymentByOperation(
  tx: Tx,
  tenantId: string,
  id: OperationId,
): Promise<DeploymentRow | null> {
  const [row] = await tx
    .select()
    .from(deployments)
    .where(and(eq(deployments.tenantId, tenantId), eq(deployments.operationId, id)));
  return row ?? null;
}

/** Which deployment each of these operations carries out, of those that do. */
export async function deploymentsOfOperations(
  tx: Tx,
  tenantId: string,
  operationIds: OperationId[],
): Promise<Map<OperationId, DeploymentId>> {
  if (operationIds.length === 0) return new Map();
  const rows = await tx
    .select({ operationId: deployments.operationId, id: deployments.id })
    .from(deployments)
    .where(and(eq(deployments.tenantId, tenantId), inArray(deployments.operationId, operationIds)));
  return new Map(rows.map(({ operationId, id }) => [operationId, id]));
}

/** Newest first. */
export async function deploymentsOf(tx: Tx, key: EnvironmentKey): Promise<DeploymentRow[]> {
  return await tx
    .select()
    .from(deployments)
    .where(and(eq(deployments.tenantId, key.tenantId), eq(deployments.environmentId, key.environmentId)))
    .orderBy(desc(deployments.createdAt));
}

/** The newest completed deployment that made this snapshot live, or the one that it was derived from. */
export async function deploymentOfSnapshot(tx: Tx, key: EnvironmentKey, id: SnapshotId): Promise<DeploymentRow | null> {
  const origin = await originOf(tx, key.tenantId, id);
  const [row] = await tx
    .select({ deployment: deployments })
    .from(deployments)
    .innerJoin(
      operations,
      and(eq(operations.tenantId, deployments.tenantId), eq(operations.id, deployments.operationId)),
    )
    .where(
      and(
        eq(deployments.tenantId, key.tenantId),
        eq(deployments.environmentId, key.environmentId),
        inArray(deployments.snapshotId, origin ? [id, origin] : [id]),
        eq(operations.status, 'Succeeded'),
      ),
    )
    .orderBy(desc(deployments.createdAt))
    .limit(1);
  return row?.deployment ?? null;
}

/** Notes what a deployment starts from and wants, once. */
export async function setPrepared(
  tx: Tx,
  tenantId: string,
  id: DeploymentId,
  prepared: Pick<DeploymentRow, 'previousSnapshotId' | 'snapshotId'>,
): Promise<void> {
  await tx
    .update(deployments)
    .set({ ...prepared, preparedAt: new Date() })
    .where(and(eq(deployments.tenantId, tenantId), eq(deployments.id, id)));
}

/** The step that a deployment is at, null for none, and how many are behind it. */
export async function setStep(
  tx: Tx,
  tenantId: string,
  operationId: OperationId,
  at: Partial<Pick<DeploymentRow, 'step' | 'stepsPassed'>>,
): Promise<void> {
  await tx
    .update(deployments)
    .set(at)
    .where(and(eq(deployments.tenantId, tenantId), eq(deployments.operationId, operationId)));
}
