import { and, asc, eq, sql } from 'drizzle-orm';
import type { EnvironmentKey, OperationId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { newId } from './new-id.ts';
import { environments, events } from './schema/index.ts';

export type EventRow = typeof events.$inferSelect;

export interface NewEvent {
  type: string;
  operationId?: OperationId;
  data: Record<string, unknown>;
}

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
}

/** The history of one operation, oldest first. */
export async function eventsOfOperation(tx: Tx, tenantId: string, operationId: OperationId): Promise<EventRow[]> {
  return await tx
    .select()
    .from(events)
    .where(and(eq(events.tenantId, tenantId), eq(events.operationId, operationId)))
    .orderBy(asc(events.revision));
}
