/**
 * States that are watched. However many readers one has in this process, it is read from the database once per change,
 * and compared with what it was.
 */
import type { Topic } from '../../db/change-hints.ts';
import type { Database, Tx } from '../../db/client.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { Outlet } from './outlet.ts';
import { Frame, type Source } from './source.ts';
import { forget, nameOf, type Watchers } from './watchers.ts';

export interface ViewOf<T> {
  /** Of what in which environment; the same words, the same view. */
  name: string;
  key: EnvironmentKey;
  /** The state as it is. @throws PlatformError when it is no longer there, which ends the streams */
  load(tx: Tx): Promise<T>;
  /** Two states of one mark are the same to a reader. */
  mark(value: T): string;
  /** Nothing comes after this state. */
  isLast?(value: T): boolean;
  /** A change of nothing but this is none of the state. */
  unlike?: Topic;
}

export type View = <T>(of: ViewOf<T>) => Source<T>;

/** How long a database that does not answer is left alone, while readers have a state to look at. */
const AGAIN_MS = 1_000;

export function openViews(db: Database, watchers: Watchers): View {
  const shared = new Map<string, SharedView<unknown>>();
  return <T>(of: ViewOf<T>): Source<T> =>
    async (sink, signal) => {
      signal.throwIfAborted();
      const name = `${nameOf(of.key)} ${of.name}`;
      const known = shared.get(name) as SharedView<T> | undefined;
      const view = known ?? new SharedView(db, watchers, of, (closed) => forget(shared, name, closed));
      shared.set(name, view as SharedView<unknown>);
      await view.read(new Outlet(sink), signal);
    };
}

class SharedView<T> {
  readonly #db: Database;
  readonly #of: ViewOf<T>;
  readonly #readers = new Set<Outlet<T>>();
  readonly #close: () => void;
  #frame: Frame<T> | null = null;
  #isLoading = false;
  #isStale = true;
  #again: NodeJS.Timeout | undefined;

  constructor(db: Database, watchers: Watchers, of: ViewOf<T>, closed: (view: unknown) => void) {
    this.#db = db;
    this.#of = of;
    const unwatch = watchers.watch(of.key, (topic) => {
      if (topic === undefined || topic !== of.unlike) this.#refresh();
    });
    this.#close = () => {
      unwatch();
      clearTimeout(this.#again);
      closed(this);
    };
    this.#refresh();
  }

  /** Until the last state was taken, an end by refusal, or the signal. */
  async read(outlet: Outlet<T>, signal: AbortSignal): Promise<void> {
    const leave = () => outlet.ended.reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    this.#readers.add(outlet);
    if (this.#frame) outlet.offer(this.#frame, this.#isLast(this.#frame));
    try {
      await outlet.ended.promise;
    } finally {
      signal.removeEventListener('abort', leave);
      this.#readers.delete(outlet);
      if (this.#readers.size === 0) this.#close();
    }
  }

  #refresh(): void {
    this.#isStale = true;
    if (!this.#isLoading) void this.#load();
  }

  async #load(): Promise<void> {
    const { key, load, mark } = this.#of;
    this.#isLoading = true;
    while (this.#isStale) {
      this.#isStale = false;
      try {
        const value = await this.#db.forTenant(key.tenantId, (tx) => load(tx));
        if (this.#frame && mark(this.#frame.value) === mark(value)) continue;
        const frame = new Frame(value);
        const isLast = this.#isLast(frame);
        this.#frame = frame;
        for (const outlet of this.#readers) outlet.offer(frame, isLast);
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#isLoading = false;
  }

  #isLast({ value }: Frame<T>): boolean {
    return this.#of.isLast?.(value) ?? false;
  }

  /** Who has a state keeps it while the database is away; everybody is told of anything else. */
  #fail(error: unknown): void {
    if (this.#readers.size === 0) return;
    if (this.#frame && isPassing(error)) {
      this.#again ??= setTimeout(() => {
        this.#again = undefined;
        this.#refresh();
      }, AGAIN_MS);
      return;
    }
    // Whoever comes now begins with a view of its own.
    this.#close();
    for (const { ended } of this.#readers) ended.reject(error);
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof PlatformError && error.code === 'DatabaseUnavailable';
}
