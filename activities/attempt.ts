/**
 * One attempt of a mutating activity. It takes the next fence before it does anything, heartbeats while it works, checks
 * before each provider call that it still owns the environment, and turns what goes wrong into a failure with a code.
 */
import { Context } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/client.ts';
import { claimFence, requireFence } from '../db/environments.ts';
import { findOperation, setWaitingOn } from '../db/operations.ts';
import { FAILURE_CLASSES, type Failure, type FailureCode } from '../domain/failures.ts';
import type { EnvironmentKey, OperationId } from '../domain/ids.ts';
import { failureOf, operationLost, rethrow } from './failures.ts';
import { openHeed, type Heed } from './heed.ts';

/** How often an attempt tells the server that it lives; the SDK sends fewer. */
const HEARTBEAT_MS = 1_000;

export interface Attempt {
  fence: number;
  /** Aborted when the workflow cancels the activity, the worker stops, or a heartbeat could not be told. */
  signal: AbortSignal;
  /** Right before a provider call. @throws OperationFault `FenceRefused` when a later attempt has begun. */
  check(): Promise<void>;
  /** Waits; ends early, by throwing, when the attempt is over or `lost` is aborted. */
  pause(ms: number, lost?: AbortSignal): Promise<void>;
}

export interface AttemptOf extends EnvironmentKey {
  /** Left out when the work belongs to the environment rather than to an operation (converging). */
  operationId?: OperationId;
}

/** An attempt of forward work: commands are for it. */
export interface HeedingAttempt extends Attempt {
  heed: Heed;
}

/** Runs `work` as an attempt that stops, or is given up, when that is asked for. */
export async function asHeedingAttempt<T>(
  db: Database,
  of: AttemptOf & { operationId: OperationId },
  work: (attempt: HeedingAttempt) => Promise<T>,
): Promise<T> {
  return await asAttempt(db, of, async (attempt) => {
    using heed = await openHeed(db, of);
    const signal = AbortSignal.any([attempt.signal, heed.signal]);
    try {
      return await work({ ...within(attempt, signal), heed });
    } catch (error) {
      // What a given-up attempt trips over is that it was given up.
      if (!attempt.signal.aborted) heed.signal.throwIfAborted();
      throw error;
    }
  });
}

/** The same attempt, over as soon as `signal` is aborted. */
export function within(attempt: Attempt, signal: AbortSignal): Attempt {
  return {
    ...attempt,
    signal,
    async check() {
      signal.throwIfAborted();
      await attempt.check();
    },
    pause: (ms, lost) => attempt.pause(ms, lost ? AbortSignal.any([signal, lost]) : signal),
  };
}

/** Runs `work` as an attempt for this environment, and for this operation while it is open. */
export async function asAttempt<T>(db: Database, of: AttemptOf, work: (attempt: Attempt) => Promise<T>): Promise<T> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  let attempt: Attempt | undefined;
  try {
    attempt = await open(db, of, context.cancellationSignal);
    return await work(attempt);
  } catch (error) {
    // What a cancelled attempt trips over is the cancellation, not a fault of its own.
    if (context.cancellationSignal.aborted) {
      context.log.info('the attempt was given up: it was cancelled, or the server has given it to another');
      await context.cancelled;
    }
    const { failure } = failureOf(error);
    // The failure that travels is masked; what really happened is for the worker's log.
    if (failure.code === 'InternalFault') context.log.error('a step failed', { error });
    if (attempt)
      await noteHold(db, of, attempt.fence, failure).catch((cause: unknown) =>
        context.log.warn('the hold was not noted', { cause }),
      );
    return rethrow(error);
  } finally {
    clearInterval(beat);
  }
}

async function open(db: Database, of: AttemptOf, signal: AbortSignal): Promise<Attempt> {
  const fence = await db.forTenant(of.tenantId, async (tx) => {
    // The fence first: it locks the environment, so that nobody ends the operation between the look and the claim.
    const claimed = await claimFence(tx, of);
    const operation = of.operationId ? await findOperation(tx, of.tenantId, of.operationId) : null;
    if (of.operationId && operation?.status !== 'Updating') throw operationLost(of.operationId);
    return claimed;
  });
  return {
    fence,
    signal,
    async check() {
      signal.throwIfAborted();
      await db.forTenant(of.tenantId, (tx) => requireFence(tx, of, fence));
    },
    async pause(ms, lost) {
      await delay(ms, undefined, { signal: lost ? AbortSignal.any([signal, lost]) : signal });
    },
  };
}

/** While a fault is waited out the operation's row says which; a later attempt says so for itself. */
async function noteHold(db: Database, of: AttemptOf, fence: number, failure: Failure): Promise<void> {
  const { operationId } = of;
  if (!operationId || !isWaitedOut(failure.code)) return;
  await db.forTenant(of.tenantId, async (tx) => {
    await requireFence(tx, of, fence);
    await setWaitingOn(tx, of.tenantId, operationId, { kind: 'platform', reference: failure.code, failure });
  });
}

/** That the database is away cannot be noted there. A defect is waited out as well: a newer worker may mend it. */
function isWaitedOut(code: FailureCode): boolean {
  if (code === 'DatabaseUnavailable') return false;
  return FAILURE_CLASSES[code] === 'platform' || code === 'InternalFault';
}
