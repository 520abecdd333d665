/** How far what Temporal remembers has been compared with the rows. */
import { eq } from 'drizzle-orm';
import type { Tx } from './client.ts';
import { temporalLooks } from './schema/index.ts';

/** Whose transactions these are: the platform's own. No token carries a tenant of this name. */
export const PLATFORM = '*';

export interface Look {
  /** What had closed by then has been compared; null before the first look at this Temporal. */
  comparedUntil: Date | null;
  /** Another Temporal was behind these rows before, and what it knew is gone. */
  isAnother: boolean;
}

export async function lookOf(tx: Tx, namespaceId: string): Promise<Look> {
  const rows = await tx.select().from(temporalLooks).where(eq(temporalLooks.tenantId, PLATFORM));
  const its = rows.find((row) => row.namespaceId === namespaceId);
  return { comparedUntil: its?.comparedUntil ?? null, isAnother: !its && rows.length > 0 };
}

export async function noteLook(tx: Tx, namespaceId: string, comparedUntil: Date): Promise<void> {
  await tx
    .insert(temporalLooks)
    .values({ tenantId: PLATFORM, namespaceId, comparedUntil })
    .onConflictDoUpdate({
      target: [temporalLooks.tenantId, temporalLooks.namespaceId],
      set: { comparedUntil },
    });
}
