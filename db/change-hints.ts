/**
 * Tells a process which environments something was committed about, whichever process committed it: `LISTEN` on one
 * connection of its own. A hint is ids only; what changed is read from the rows. Between two connections anything may
 * have changed, and that is told too.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { Client } from 'pg';
import type { EnvironmentId, EnvironmentKey } from '../domain/ids.ts';
import type { Tx } from './client.ts';

const CHANNEL = 'slipway_changes';
/** A connection that has gone silent (a pulled cable) is noticed after two of these. */
const LOOK_MS = 1_000;
const RECONNECT_MS = { min: 100, max: 2_000 };

/** What changes far more often than the rest, and is told apart for whoever is not concerned by it. */
export type Topic = 'health';

/** `key`: something of this environment was committed, nothing but `topic` when there is one. Null: anything may have been. */
export type OnHint = (key: EnvironmentKey | null, topic?: Topic) => void;

export interface ChangeHints extends AsyncDisposable {
  /** Whether what was committed more than a moment ago has been told: the connection answered just now. */
  isCurrent(): boolean;
}

export interface ChangeHintsOptions {
  url: string;
  onHint: OnHint;
  /** A connection was lost; another one is on its way. */
  onError(error: unknown): void;
}

/** Part of a change's transaction. Repeated, it is still one hint: Postgres folds equal notifications of a transaction. */
export async function hint(tx: Tx, { tenantId, environmentId }: EnvironmentKey, topic?: Topic): Promise<void> {
  const words = [tenantId, environmentId, ...(topic ? [topic] : [])];
  await tx.execute(sql`select pg_notify(${CHANNEL}, ${words.join(' ')})`);
}

/** Listens until it is disposed of. Resolves at once: while there is no connection, it is not current. */
export function openChangeHints(options: ChangeHintsOptions): ChangeHints {
  const stop = new AbortController();
  const state: State = { answeredAtMs: -Infinity };
  const running = listenAgainAndAgain(options, state, stop.signal);
  return {
    isCurrent: () => performance.now() - state.answeredAtMs < 2 * LOOK_MS,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

interface State {
  /** By a clock that never goes back. */
  answeredAtMs: number;
}

async function listenAgainAndAgain(options: ChangeHintsOptions, state: State, stop: AbortSignal): Promise<void> {
  for (let pauseMs = RECONNECT_MS.min; !stop.aborted; pauseMs = Math.min(2 * pauseMs, RECONNECT_MS.max)) {
    try {
      await listen(options, stop, () => {
        state.answeredAtMs = performance.now();
        pauseMs = RECONNECT_MS.min;
      });
    } catch (error) {
      state.answeredAtMs = -Infinity;
      if (!stop.aborted) options.onError(error);
    }
    await delay(pauseMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** One connection, as long as it lasts. @throws what ended it */
async function listen({ url, onHint }: ChangeHintsOptions, stop: AbortSignal, answered: () => void): Promise<void> {
  const client = new Client({
    connectionString: url,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    query_timeout: LOOK_MS,
    application_name: 'slipway_changes',
  });
  const lost = new AbortController();
  client.on('error', (error) => lost.abort(error));
  client.on('end', () => lost.abort(new Error('the connection was closed')));
  client.on('notification', ({ payload = '' }) => tell(onHint, payload));
  const over = AbortSignal.any([stop, lost.signal]);
  try {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    answered();
    // What was committed before nobody has told.
    onHint(null);
    while (!over.aborted) {
      await delay(LOOK_MS, undefined, { signal: over }).catch(() => undefined);
      if (over.aborted) break;
      await client.query('select 1');
      answered();
    }
    lost.signal.throwIfAborted();
  } finally {
    await client.end().catch(() => undefined);
  }
}

function tell(onHint: OnHint, payload: string): void {
  const [tenantId, environmentId, topic] = payload.split(' ');
  if (!tenantId || !environmentId) return onHint(null);
  // A topic that another version knows is anything.
  onHint({ tenantId, environmentId: environmentId as EnvironmentId }, topic === 'health' ? topic : undefined);
}
