/** The rows that sweeps visit. A tenant's own transaction writes and gives back; a claim looks across tenants. */
import { randomUUID } from 'node:crypto';
import { and, asc, count, eq, inArray, sql } from 'drizzle-orm';
import type { EnvironmentKey } from '../domain/ids.ts';
import { SWEEP_KINDS, type SweepKind } from '../domain/sweeps.ts';
import type { Tx } from './client.ts';
import { due } from './schema/index.ts';

export interface DueKey extends EnvironmentKey {
  kind: SweepKind;
  subject: string;
}

/** A row in the hands of one visitor. */
export interface Claim extends DueKey {
  dueAt: Date;
  leaseToken: string;
}

const isIt = ({ tenantId, kind, environmentId, subject }: DueKey) =>
  and(eq(due.tenantId, tenantId), eq(due.kind, kind), eq(due.environmentId, environmentId), eq(due.subject, subject));

/** Makes it due at `dueAt`, or leaves it as it is when it is due earlier than that. */
export async function makeDue(tx: Tx, key: DueKey, dueAt: Date): Promise<void> {
  const { tenantId, kind, environmentId, subject } = key;
  await tx
    .insert(due)
    .values({ tenantId, kind, environmentId, subject, dueAt })
    .onConflictDoUpdate({
      target: [due.tenantId, due.kind, due.environmentId, due.subject],
      set: { dueAt: sql`least(${due.dueAt}, excluded.due_at)` },
    });
}

/** Visited no more; a visit under way finds its claim lost. */
export async function removeDue(tx: Tx, key: EnvironmentKey, kind: SweepKind, subjects: string[]): Promise<void> {
  if (subjects.length === 0) return;
  await tx
    .delete(due)
    .where(
      and(
        eq(due.tenantId, key.tenantId),
        eq(due.kind, kind),
        eq(due.environmentId, key.environmentId),
        inArray(due.subject, subjects),
      ),
    );
}

/**
 * Takes up to `limit` rows that are due and in nobody's hands, those due longest first. As `slipway_system`.
 *
 * @param leaseMs after which a row that was not given back is anybody's again.
 */
export async function claimDue(tx: Tx, kind: SweepKind, limit: number, leaseMs: number): Promise<Claim[]> {
  const leaseToken = randomUUID();
  // The database's clock alone decides, so that the sweepers' clocks need not agree.
  const free = sql`${due.kind} = ${kind} and ${due.dueAt} <= clock_timestamp()
    and (${due.leaseUntil} is null or ${due.leaseUntil} <= clock_timestamp())`;
  return (
    (await tx
      .update(due)
      .set({ leaseToken, leaseUntil: sql`clock_timestamp() + ${leaseMs} * interval '1 millisecond'` })
      // An array is computed once: a plain sub-select may be run again, and would take more than the limit.
      .where(
        sql`${due}.ctid = any(array(
        select ctid from ${due} where ${free} order by ${due.dueAt} limit ${limit} for update skip locked))`,
      )
      .returning({
        tenantId: due.tenantId,
        kind: due.kind,
        environmentId: due.environmentId,
        subject: due.subject,
        dueAt: due.dueAt,
        leaseToken: due.leaseToken,
      })) as Claim[]
  );
}

/** Ends a claim: due again at `next`, or never. False when the row is not in these hands any more. */
export async function giveBack(tx: Tx, claim: Claim, next: Date | null): Promise<boolean> {
  const mine = and(isIt(claim), eq(due.leaseToken, claim.leaseToken));
  const rows = next
    ? await tx
        .update(due)
        .set({ dueAt: next, leaseToken: null, leaseUntil: null })
        .where(mine)
        .returning({ subject: due.subject })
    : await tx.delete(due).where(mine).returning({ subject: due.subject });
  return rows.length > 0;
}

/** When the next row of a kind is due; null when it has none. As `slipway_system`. */
export async function nextDue(tx: Tx, kind: SweepKind): Promise<Date | null> {
  const [row] = await tx
    .select({ dueAt: due.dueAt })
    .from(due)
    .where(eq(due.kind, kind))
    .orderBy(asc(due.dueAt))
    .limit(1);
  return row?.dueAt ?? null;
}

/** How many rows a kind has, due or not. As `slipway_system`. */
export async function countDue(tx: Tx, kind: SweepKind): Promise<number> {
  const [row] = await tx.select({ rows: count() }).from(due).where(eq(due.kind, kind));
  return row?.rows ?? 0;
}

/** The kinds that have anything to visit, ever. As `slipway_system`. */
export async function kindsToSweep(tx: Tx): Promise<SweepKind[]> {
  const rows = await tx
    .selectDistinct({ kind: due.kind })
    .from(due)
    .where(inArray(due.kind, [...SWEEP_KINDS]));
  return rows.map(({ kind }) => kind);
}
