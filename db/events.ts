import { and, asc, eq, gt, sql } from 'drizzle-orm';
import type { EnvironmentKey, EventId, OperationId } from '../domain/ids.ts';
import { hint } from './change-hints.ts';
import type { Tx } from './client.ts';
import { newId } from './new-id.ts';
import { environments, events } from './schema/index.ts';

export type EventRow = typeof events.$inferSelect;

export interface NewEvent {
  type: string;
  operationId?: OperationId;
  data: Record<string, unknown>;
}

const inEnvironment = (key: EnvironmentKey) =>
  and(eq(events.tenantId, key.tenantId), eq(events.environmentId, key.environmentId));

/** Adds the event of a change made in this transaction; its revision is given under the environment's row lock. */
export async function appendEvent(tx: Tx, key: EnvironmentKey, event: NewEvent): Promise<void> {
  const [row] = await tx
    .update(environments)
    .set({ revision: sql`${environments.revision} + 1`, updatedAt: sql`now()` })
    .where(and(eq(environments.tenantId, key.tenantId), eq(environments.id, key.environmentId)))
    .returning({ revision: environments.revision });
  if (!row) throw new Error(`no environment ${key.environmentId} to note an event for`);
  await tx.insert(events).values({
    tenantId: key.tenantId,
    id: newId('evt'),
    environmentId: key.environmentId,
    revision: row.revision,
    operationId: event.operationId ?? null,
    type: event.type,
    data: event.data,
    at: new Date(),
  });
  await hint(tx, key, event.type === 'service.health' ? 'health' : undefined);
}

/** The history of one operation, oldest first. */
export async function eventsOfOperation(tx: Tx, tenantId: string, operationId: OperationId): Promise<EventRow[]> {
  return await tx
    .select()
    .from(events)
    .where(and(eq(events.tenantId, tenantId), eq(events.operationId, operationId)))
    .orderBy(asc(events.revision));
}

export async function findEvent(tx: Tx, key: EnvironmentKey, id: EventId): Promise<EventRow | null> {
  const [row] = await tx
    .select()
    .from(events)
    .where(and(inEnvironment(key), eq(events.id, id)));
  return row ?? null;
}

/** Null before the first event, and for a revision that the environment has not reached. */
export async function eventAt(tx: Tx, key: EnvironmentKey, revision: number): Promise<EventRow | null> {
  const [row] = await tx
    .select()
    .from(events)
    .where(and(inEnvironment(key), eq(events.revision, revision)));
  return row ?? null;
}

/** What came after a revision, oldest first; of one operation, when it is named. */
export async function eventsAfter(
  tx: Tx,
  key: EnvironmentKey,
  revision: number,
  { operationId, limit }: { operationId?: OperationId; limit: number },
): Promise<EventRow[]> {
  const ofOperation = operationId && eq(events.operationId, operationId);
  return await tx
    .select()
    .from(events)
    .where(and(inEnvironment(key), gt(events.revision, revision), ofOperation))
    .orderBy(asc(events.revision))
    .limit(limit);
}
