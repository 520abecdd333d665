/** Receipts: what was asked, by whom, what was decided and answered. Written once, never changed. */
import { and, eq, sql } from 'drizzle-orm';
import type { RequestId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { newId } from './new-id.ts';
import { requests } from './schema/index.ts';

export type RequestRow = typeof requests.$inferSelect;
/** Its id, where something was named by it before it is written. */
export type NewRequest = Omit<RequestRow, 'id' | 'createdAt'> & { id?: RequestId };

/** What a key is unique within. */
export interface IdempotencySlot {
  tenantId: string;
  clientId: string;
  subject: string;
  method: string;
  route: string;
  key: string;
}

export async function insertRequest(tx: Tx, request: NewRequest): Promise<void> {
  await tx.insert(requests).values({ ...request, id: request.id ?? newId('req'), createdAt: new Date() });
}

/** The receipt that holds this key; denials hold none. */
export async function findByIdempotencyKey(tx: Tx, slot: IdempotencySlot): Promise<RequestRow | null> {
  const [row] = await tx
    .select()
    .from(requests)
    .where(
      and(
        eq(requests.tenantId, slot.tenantId),
        eq(requests.clientId, slot.clientId),
        eq(requests.subject, slot.subject),
        eq(requests.method, slot.method),
        eq(requests.route, slot.route),
        eq(requests.idempotencyKey, slot.key),
        eq(requests.decision, 'allowed'),
      ),
    );
  return row ?? null;
}

/**
 * Until the transaction ends, nobody else gets past the same name: so that of many calls with one key (or one wanted
 * name) the first decides and the others see what it wrote, instead of failing on its unique index.
 */
export async function serializeOn(tx: Tx, ...name: string[]): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${JSON.stringify(name)}, 0))`);
}
