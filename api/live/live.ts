/** All that is live in a process: one listener, and what is read for it, shared by every stream. */
import { openChangeHints } from '../../db/change-hints.ts';
import type { Database } from '../../db/client.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { openEventLog, type EventLog } from './event-log.ts';
import { openLifetimes, type OpenLifetime } from './lifetime.ts';
import { openMemory, type Memory } from './memory.ts';
import { DEFAULT_STREAMS_PER_TENANT, openStreamQuota, type TakePlace } from './stream-quota.ts';
import { openViews, type View } from './view.ts';
import { openWatchers } from './watchers.ts';

export interface Live extends AsyncDisposable {
  view: View;
  log: EventLog;
  takePlace: TakePlace;
  /** How long a stream of this caller, about this environment, may last. */
  lifetime: OpenLifetime;
  recall: Memory['recall'];
  /** This process has just committed a change itself: its own readers need not wait for the database to tell. */
  touched(key: EnvironmentKey): void;
}

export interface LiveOptions {
  db: Database;
  /** Of the database, for a connection that listens. */
  url: string;
  /** @default 1,000 */
  streamsPerTenant?: number;
  /** The connection that listens was lost, and is made again. */
  onError(error: unknown): void;
}

export function openLive({ db, url, streamsPerTenant, onError }: LiveOptions): Live {
  const watchers = openWatchers();
  const hints = openChangeHints({ url, onHint: watchers.tell, onError });
  const view = openViews(db, watchers);
  return {
    view,
    log: openEventLog(db, watchers),
    takePlace: openStreamQuota(streamsPerTenant ?? DEFAULT_STREAMS_PER_TENANT),
    lifetime: openLifetimes(view),
    recall: openMemory(db, watchers, hints.isCurrent).recall,
    touched: watchers.tell,
    [Symbol.asyncDispose]: () => hints[Symbol.asyncDispose](),
  };
}
