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
  #todo: 'nothing' | 'read' | 'check' = 'nothing';
  #isAtWork = true;
  #again: NodeJS.Timeout | undefined;
  readonly #opened: Promise<void>;

  constructor(db: Database, watchers: Watchers, key: EnvironmentKey, closed: (tail: unknown) => void) {
    this.#db = db;
    this.#key = key;
    const unwatch = watchers.watch(key, (anew) => void this.#catchUp(anew ? 'check' : 'read'));
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
    await this.#catchUp('read');
  }

  async #catchUp(what: 'read' | 'check'): Promise<void> {
    if (this.#todo !== 'check') this.#todo = what;
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      while (this.#todo !== 'nothing') {
        const { revision } = this.#head;
        const isCheck = this.#todo === 'check';
        this.#todo = 'nothing';
        if (isCheck) await this.#check();
        await this.#read();
        if (this.#head.revision !== revision) this.#wake();
      }
    } catch {
      // The rows stay where they are: what is there is told when they can be read again.
      if (this.#readers === 0) return;
      this.#again ??= setTimeout(() => {
        this.#again = undefined;
        void this.#catchUp('check');
      }, AGAIN_MS);
    } finally {
      this.#isAtWork = false;
    }
  }

  /** Whether the last event that was told is still one that has happened. */
  async #check(): Promise<void> {
    const { revision, eventId } = this.#head;
    const [then, now] = await this.#db.forTenant(this.#key.tenantId, async (tx) => [
      await eventAt(tx, this.#key, revision),
      await headOf(tx, this.#key),
    ]);
    if ((then?.id ?? null) === eventId) return;
    this.#frames = [];
    this.#head = now;
    this.#restores++;
    this.#wake();
  }

  async #read(): Promise<void> {
    const rows = await this.#db.forTenant(this.#key.tenantId, (tx) =>
      eventsAfter(tx, this.#key, this.#head.revision, { limit: KEPT }),
    );
    const last = rows.at(-1);
    if (!last) return;
    this.#head = { revision: last.revision, eventId: last.id };
    const fresh = rows.map((event) => new Frame<LogEntry>({ kind: 'event', event }));
    this.#frames = [...this.#frames, ...fresh].slice(-KEPT);
    if (rows.length === KEPT) await this.#read();
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
