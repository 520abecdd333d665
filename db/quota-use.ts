/** What a tenant has of what its quotas bound. */
import { and, asc, count, eq, inArray, notInArray } from 'drizzle-orm';
import type { EnvironmentKey, OperationId } from '../domain/ids.ts';
import type { Demand } from '../domain/quota.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Tx } from './client.ts';
import { findEnvironment } from './environments.ts';
import { deployments, environments, operations } from './schema/index.ts';
import { readSnapshot } from './snapshots.ts';

/** Environments that hold a place: all but those that failed and those that are gone. */
export async function countEnvironments(tx: Tx, tenantId: string): Promise<number> {
  const [row] = await tx
    .select({ number: count() })
    .from(environments)
    .where(and(eq(environments.tenantId, tenantId), notInArray(environments.status, ['Failed', 'Decommissioned'])));
  return row?.number ?? 0;
}

const isOpenIn = (key: EnvironmentKey) =>
  and(
    eq(operations.tenantId, key.tenantId),
    eq(operations.environmentId, key.environmentId),
    inArray(operations.status, ['Accepted', 'Updating']),
  );

export async function countOpenOperations(tx: Tx, key: EnvironmentKey): Promise<number> {
  const [row] = await tx.select({ number: count() }).from(operations).where(isOpenIn(key));
  return row?.number ?? 0;
}

/** What is live, and what each deployment that has not ended wants, in their order. */
export async function demandsOn(
  tx: Tx,
  key: EnvironmentKey,
): Promise<{ live: Demand; open: { operationId: OperationId; demand: Demand; isRollback: boolean }[] }> {
  const environment = await findEnvironment(tx, key);
  const live = demandOf(await readSnapshot(tx, key.tenantId, environment?.liveSnapshotId ?? null));
  const { operationId, components, prune, snapshotId } = deployments;
  const rows = await tx
    .select({ operationId, components, prune, snapshotId })
    .from(deployments)
    .innerJoin(operations, and(eq(operations.tenantId, deployments.tenantId), eq(operations.id, operationId)))
    .where(and(isOpenIn(key), eq(deployments.tenantId, key.tenantId)))
    .orderBy(asc(operations.seq));
  const open = [];
  for (const row of rows) {
    const demand: Demand = row.snapshotId
      ? demandOf(await readSnapshot(tx, key.tenantId, row.snapshotId))
      : {
          replicas: Object.fromEntries(row.components.map(({ moduleId, replicas }) => [moduleId, replicas ?? null])),
          isWhole: row.prune,
        };
    open.push({ operationId: row.operationId, demand, isRollback: row.snapshotId !== null });
  }
  return { live, open };
}

function demandOf({ services }: Snapshot): Demand {
  const replicas = Object.values(services).map((service) => [service.serviceId, service.replicas] as const);
  return { replicas: Object.fromEntries(replicas), isWhole: true };
}
