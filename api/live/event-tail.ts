/** The newest events of an environment, read once per change for every reader of this process. */
import type { Database, Tx } from '../../db/client.ts';
import { findEnvironment } from '../../db/environments.ts';
import { eventAt, eventsAfter, type EventRow } from '../../db/events.ts';
import type { EnvironmentKey, EventId } from '../../domain/ids.ts';
import { Frame } from './source.ts';
import { untilAborted } from './until-aborted.ts';
import type { Watchers } from './watchers.ts';

/** A place between events: after this one. Before the first, the revision is 0. */
export interface Place {
  revision: number;
  eventId: EventId | null;
}

/** What a reader of a log is told: an event; or where it begins, because it has not said, or is not where it thought. */
export type LogEntry = { kind: 'event'; event: EventRow } | { kind: 'opened' | 'reset'; at: Place };

/** Events kept of each environment that is watched; about 1 kB each. */
const KEPT = 256;
/** How long a database that does not answer is left alone. */
const AGAIN_MS = 1_000;

export class EventTail {
  readonly #db: Database;
  readonly #key: EnvironmentKey;
  readonly #close: () => void;
  readonly #waiting = new Set<() => void>();
  #readers = 0;
  /** Contiguous, up to the head. */
  #frames: Frame<LogEntry>[] = [];
  #head: Place = { revision: 0, eventId: null };
  #restores = 0;
  #isStale = false;
  #isAtWork = true;
  #again: NodeJS.Timeout | undefined;
  readonly #opened: Promise<void>;

  constructor(db: Database, watchers: Watchers, key: EnvironmentKey, closed: (tail: unknown) => void) {
    this.#db = db;
    this.#key = key;
    const unwatch = watchers.watch(key, () => void this.#catchUp());
    this.#close = () => {
      unwatch();
      clearTimeout(this.#again);
      closed(this);
    };
    this.#opened = this.#open();
  }

  get head(): Place {
    return this.#head;
  }

  /** How often what was told turned out not to have happened: the database was restored to an earlier moment. */
  get restores(): number {
    return this.#restores;
  }

  /** The revision after which every event is here. */
  get from(): number {
    return this.#head.revision - this.#frames.length;
  }

  /** @param revision not before `from` */
  after(revision: number): Frame<LogEntry>[] {
    return this.#frames.slice(Math.max(0, revision - this.from));
  }

  /** Keeps the tail open while `work` reads it. */
  async use(work: () => Promise<void>): Promise<void> {
    this.#readers++;
    try {
      await this.#opened;
      await work();
    } finally {
      this.#readers--;
      if (this.#readers === 0) this.#close();
    }
  }

  /** Until there is something after `revision`, or another restore. */
  async more(revision: number, restores: number, signal: AbortSignal): Promise<void> {
    if (this.#head.revision > revision || this.#restores !== restores) return;
    let wake = () => {};
    try {
      await untilAborted(signal, (done) => this.#waiting.add((wake = done)));
    } finally {
      this.#waiting.delete(wake);
    }
  }

  async #open(): Promise<void> {
    this.#head = await this.#db.forTenant(this.#key.tenantId, (tx) => headOf(tx, this.#key));
    this.#isAtWork = false;
    // What was committed since then.
    await this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    this.#isStale = true;
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        await this.#read();
      }
    } catch {
      // The rows stay where they are: what is there is told when they can be read again.
      if (this.#readers === 0) return;
      this.#again ??= setTimeout(() => {
        this.#again = undefined;
        void this.#catchUp();
      }, AGAIN_MS);
    } finally {
      this.#isAtWork = false;
    }
  }

  /** The head is read once more with what is newer: where it is not, what was told has not happened. */
  async #read(): Promise<void> {
    const { revision, eventId } = this.#head;
    const { rows, restoredTo } = await this.#db.forTenant(this.#key.tenantId, async (tx) => {
      const rows = await eventsAfter(tx, this.#key, eventId ? revision - 1 : revision, { limit: KEPT });
      const isThere = !eventId || rows[0]?.id === eventId;
      return { rows, restoredTo: isThere ? null : await headOf(tx, this.#key) };
    });
    if (restoredTo) return this.#restart(restoredTo);
    if (rows.length === KEPT) this.#isStale = true;
    this.#append(eventId ? rows.slice(1) : rows);
  }

  #append(rows: EventRow[]): void {
    const last = rows.at(-1);
    if (!last) return;
    const fresh = rows.map((event) => new Frame<LogEntry>({ kind: 'event', event }));
    this.#frames = [...this.#frames, ...fresh].slice(-KEPT);
    this.#head = { revision: last.revision, eventId: last.id };
    this.#wake();
  }

  #restart(head: Place): void {
    this.#frames = [];
    this.#head = head;
    this.#restores++;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

async function headOf(tx: Tx, key: EnvironmentKey): Promise<Place> {
  const revision = (await findEnvironment(tx, key))?.revision ?? 0;
  return { revision, eventId: (await eventAt(tx, key, revision))?.id ?? null };
}
