/**
 * One turn of a sweep: it claims what is due as it has hands free, visits it, and gives it back. A visit that hangs holds
 * one hand until its time is up; its row stays leased, so that nobody visits it beside one that does not listen.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/client.ts';
import { claimDue, countDue, giveBack, isAnyDue, type Claim } from '../db/due.ts';
import { SWEEP_AHEAD_MS, type SweepKind } from '../domain/sweeps.ts';
import type { Visited, Visitor } from './visitors/visitor.ts';

/** What a turn has done; the rows hold everything that the next one needs. */
export interface Checkpoint {
  /** Visits that were recorded. */
  visited: number;
  /** Visits that failed or ran out of time; their rows are due again later. */
  failed: number;
  /** Rows that are left, due now or soon: 0 ends the sweep. */
  left: number;
}

export interface TurnOptions {
  db: Database;
  kind: SweepKind;
  visitor: Visitor;
  /** Ends the turn: what is under way is given back as it was. */
  signal: AbortSignal;
  /** Told of every visit that failed, and of one that could not do what comes after it. */
  onError(claim: Claim, error: unknown): void;
  /** Of a whole turn. @default 30 min */
  turnMs?: number;
  /** Visits at the same time. @default 16 */
  hands?: number;
  /** What one visit may take. @default 20 s */
  visitMs?: number;
  /** Longer than a visit may take: after it a row that was not given back is anybody's. @default 60 s */
  leaseMs?: number;
  /** How soon a row that became due is seen. @default 1 s */
  pollMs?: number;
  /** When a row whose visit failed is due again. @default 30 s */
  retryMs?: number;
  /** Kept up to date as the turn goes. */
  tally?: Pick<Checkpoint, 'visited' | 'failed'>;
}

type Turn = Required<TurnOptions>;

/** Runs until the turn is over, the signal is aborted, or no row of the kind is due soon. @throws what the database refuses */
export async function sweepTurn(options: TurnOptions): Promise<Checkpoint> {
  const turn: Turn = {
    ...{ turnMs: 30 * 60_000, hands: 16, visitMs: 20_000, leaseMs: 60_000, pollMs: 1_000, retryMs: 30_000 },
    ...{ tally: { visited: 0, failed: 0 }, ...options },
  };
  const { db, kind, hands, leaseMs, pollMs, signal, tally } = turn;
  const endsAtMs = Date.now() + turn.turnMs;
  const underWay = new Set<Promise<void>>();
  try {
    while (!signal.aborted && Date.now() < endsAtMs) {
      const free = hands - underWay.size;
      const claims = free > 0 ? await db.forSweep((tx) => claimDue(tx, kind, free, leaseMs)) : [];
      for (const claim of claims) {
        const visit: Promise<void> = visitOne(turn, claim).finally(() => underWay.delete(visit));
        underWay.add(visit);
      }
      const idle = claims.length === 0 && underWay.size === 0;
      if (idle && !(await db.forSystem((tx) => isAnyDue(tx, kind, SWEEP_AHEAD_MS)))) break;
      // With hands left free nothing more is due at this moment; with none, the next one that comes free goes on.
      if (claims.length < free) await delay(pollMs, undefined, { signal }).catch(() => undefined);
      else await Promise.race(underWay);
    }
  } finally {
    await Promise.all(underWay);
  }
  return { ...tally, left: await db.forSystem((tx) => countDue(tx, kind, SWEEP_AHEAD_MS)) };
}

/** Never rejects. */
async function visitOne(turn: Turn, claim: Claim): Promise<void> {
  const { db, visitor, signal, visitMs, retryMs, tally, onError } = turn;
  const limit = AbortSignal.timeout(visitMs);
  const stop = AbortSignal.any([signal, limit]);
  try {
    const visited = await orAborted(visitor.visit(claim, stop), stop);
    if (await end(db, claim, visited)) {
      tally.visited += 1;
      await orAborted(visited.afterwards?.() ?? Promise.resolve(), stop).catch((error) => onError(claim, error));
    }
  } catch (error) {
    if (!signal.aborted) {
      tally.failed += 1;
      onError(claim, error);
    }
    // A visit that was told to end and did not may still be at it: its lease has to lapse.
    if (limit.aborted) return;
    const again = signal.aborted ? claim.dueAt : new Date(Date.now() + retryMs);
    // While the database is away nothing can be given back: the lease lapses.
    await db.forTenant(claim.tenantId, (tx) => giveBack(tx, claim, again)).catch(() => undefined);
  }
}

class LeaseLost extends Error {}

/** False when somebody else has the row, or it is gone: then nothing was written. */
async function end(db: Database, claim: Claim, { next, record }: Visited): Promise<boolean> {
  try {
    await db.forTenant(claim.tenantId, async (tx) => {
      await record?.(tx);
      if (!(await giveBack(tx, claim, next))) throw new LeaseLost();
    });
    return true;
  } catch (error) {
    if (error instanceof LeaseLost) return false;
    throw error;
  }
}

/** Does not wait for one that does not listen to its signal. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
