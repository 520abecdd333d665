import { and, eq, sql } from 'drizzle-orm';
import { hashOf } from '../domain/hash.ts';
import type { EnvironmentKey, SnapshotId } from '../domain/ids.ts';
import { EMPTY_SNAPSHOT, type Snapshot, type SnapshotService } from '../domain/snapshot.ts';
import type { Tx } from './client.ts';
import { newId } from './new-id.ts';
import { environments, snapshots } from './schema/index.ts';

/** @param of the snapshot that this one differs from by scaling policies alone: it stays the release of that one. */
export async function insertSnapshot(
  tx: Tx,
  key: EnvironmentKey,
  content: Snapshot,
  of: SnapshotId | null = null,
): Promise<SnapshotId> {
  const id = newId('snap');
  const derivedFrom = of && ((await originOf(tx, key.tenantId, of)) ?? of);
  await tx.insert(snapshots).values({
    tenantId: key.tenantId,
    id,
    environmentId: key.environmentId,
    content,
    derivedFrom,
    hash: hashOf(content),
    createdAt: new Date(),
  });
  return id;
}

/** The content of a snapshot; nothing runs where there is none. */
export async function readSnapshot(tx: Tx, tenantId: string, id: SnapshotId | null): Promise<Snapshot> {
  if (id === null) return EMPTY_SNAPSHOT;
  const [row] = await tx
    .select({ content: snapshots.content })
    .from(snapshots)
    .where(and(eq(snapshots.tenantId, tenantId), eq(snapshots.id, id)));
  if (!row) throw new Error(`snapshot ${id} is not there`);
  return row.content;
}

/** One service of what should run in the environment now; null when it is not among that. Only its part is read. */
export async function liveService(tx: Tx, key: EnvironmentKey, serviceId: string): Promise<SnapshotService | null> {
  const [row] = await tx
    .select({ service: sql<SnapshotService | null>`${snapshots.content} -> 'services' -> ${serviceId}::text` })
    .from(environments)
    .innerJoin(
      snapshots,
      and(eq(snapshots.tenantId, environments.tenantId), eq(snapshots.id, environments.liveSnapshotId)),
    )
    .where(and(eq(environments.tenantId, key.tenantId), eq(environments.id, key.environmentId)));
  return row?.service ?? null;
}

/** The snapshot that a deployment made, where this one was only derived from it. */
export async function originOf(tx: Tx, tenantId: string, id: SnapshotId): Promise<SnapshotId | null> {
  const [row] = await tx
    .select({ derivedFrom: snapshots.derivedFrom })
    .from(snapshots)
    .where(and(eq(snapshots.tenantId, tenantId), eq(snapshots.id, id)));
  return row?.derivedFrom ?? null;
}
