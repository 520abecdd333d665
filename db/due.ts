/** The rows that sweeps visit. A tenant's own transaction writes and gives back; a claim looks across tenants. */
import { and, count, eq, inArray, sql } from 'drizzle-orm';
import type { EnvironmentKey } from '../domain/ids.ts';
import { SWEEP_AHEAD_MS, SWEEP_KINDS, type SweepKind } from '../domain/sweeps.ts';
import type { Tx } from './client.ts';
import { newId } from './new-id.ts';
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

/** Makes it due at `dueAt`, whenever it was before, or never; a visit under way finds its claim lost. */
export async function setDue(tx: Tx, key: DueKey, dueAt: Date | null): Promise<void> {
  const { tenantId, kind, environmentId, subject } = key;
  if (dueAt === null) {
    await removeDue(tx, key, kind, [subject]);
    return;
  }
  await tx
    .insert(due)
    .values({ tenantId, kind, environmentId, subject, dueAt })
    .onConflictDoUpdate({
      target: [due.tenantId, due.kind, due.environmentId, due.subject],
      set: { dueAt, leaseToken: null, leaseUntil: null },
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
  const leaseToken = newId('lease');
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

// Again by the database's clock alone: a sweep that ends and the reconcile that starts it have to agree.
const isWithin = (aheadMs: number) => sql`${due.dueAt} <= clock_timestamp() + ${aheadMs} * interval '1 millisecond'`;

/** Whether a kind has a row that is due, in somebody's hands or not, or will be soon. As `slipway_system`. */
export async function isAnyDue(tx: Tx, kind: SweepKind, aheadMs: number): Promise<boolean> {
  const rows = await tx
    .select({ subject: due.subject })
    .from(due)
    .where(and(eq(due.kind, kind), isWithin(aheadMs)))
    .limit(1);
  return rows.length > 0;
}

/** How many those are. As `slipway_system`. */
export async function countDue(tx: Tx, kind: SweepKind, aheadMs: number): Promise<number> {
  const [row] = await tx
    .select({ rows: count() })
    .from(due)
    .where(and(eq(due.kind, kind), isWithin(aheadMs)));
  return row?.rows ?? 0;
}

/** The kinds that have something to visit, now or soon. As `slipway_system`. */
export async function kindsToSweep(tx: Tx): Promise<SweepKind[]> {
  const rows = await tx
    .selectDistinct({ kind: due.kind })
    .from(due)
    .where(and(inArray(due.kind, [...SWEEP_KINDS]), isWithin(SWEEP_AHEAD_MS)));
  return rows.map(({ kind }) => kind);
}
