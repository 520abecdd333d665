/**
 * The events of an environment as they are committed. Nobody misses one: a reader that comes back, or falls behind what is
 * kept for all, reads what it lacks from the rows, at its own pace.
 */
import type { Database } from '../../db/client.ts';
import { eventsAfter, findEvent } from '../../db/events.ts';
import type { EnvironmentKey, EventId, OperationId } from '../../domain/ids.ts';
import { EventTail, type LogEntry, type Place } from './event-tail.ts';
import { Frame, type Sink, type Source } from './source.ts';
import { untilAborted } from './until-aborted.ts';
import { forget, nameOf, type Watchers } from './watchers.ts';

export interface LogOf {
  key: EnvironmentKey;
  /** What the reader has seen last; null when it has seen nothing. */
  after: EventId | null;
  /** Of this operation alone: from its first event to its last. Without it: from now on. */
  operation?: { id: OperationId; hasEnded: boolean };
}

export type EventLog = (of: LogOf) => Source<LogEntry>;

const PAGE = 100;

export function openEventLog(db: Database, watchers: Watchers): EventLog {
  const tails = new Map<string, EventTail>();
  return (of) => async (sink, signal) => {
    signal.throwIfAborted();
    const name = nameOf(of.key);
    const tail = tails.get(name) ?? new EventTail(db, watchers, of.key, (closed) => forget(tails, name, closed));
    tails.set(name, tail);
    await tail.use(() => follow(db, tail, of, sink, signal));
  };
}

async function follow(db: Database, tail: EventTail, of: LogOf, sink: Sink<LogEntry>, signal: AbortSignal) {
  const { key, after, operation } = of;
  const send = (frame: Frame<LogEntry>) => untilAborted(signal, (taken) => sink.write(frame, 0, taken));
  const beginning = (): Place => (operation ? { revision: 0, eventId: null } : tail.head);
  let { restores } = tail;
  const seen = after && (await db.forTenant(key.tenantId, (tx) => findEvent(tx, key, after)));
  const first = seen ? { revision: seen.revision, eventId: seen.id } : beginning();
  if (!seen && (after || !operation)) await send(new Frame<LogEntry>({ kind: after ? 'reset' : 'opened', at: first }));
  let { revision } = first;
  for (;;) {
    if (tail.restores !== restores) {
      ({ restores } = tail);
      const at = beginning();
      await send(new Frame<LogEntry>({ kind: 'reset', at }));
      ({ revision } = at);
    }
    const { frames, until } = await nextOf(db, tail, of, revision);
    for (const frame of frames) {
      await send(frame);
      if (operation && isLast(frame.value)) return;
    }
    if (until > revision) revision = until;
    else if (operation?.hasEnded) return;
    else await tail.more(revision, restores, signal);
  }
}

/** What comes after a revision, and how far it goes: there is no more of it up to there. */
async function nextOf(db: Database, tail: EventTail, { key, operation }: LogOf, revision: number) {
  const { from, head } = tail;
  if (revision >= from) {
    const frames = tail
      .after(revision)
      .filter(({ value }) => !operation || (value.kind === 'event' && value.event.operationId === operation.id));
    return { frames, until: head.revision };
  }
  const rows = await db.forTenant(key.tenantId, (tx) =>
    eventsAfter(tx, key, revision, { operationId: operation?.id, limit: PAGE }),
  );
  const last = rows.at(-1)?.revision ?? 0;
  const frames = rows.map((event) => new Frame<LogEntry>({ kind: 'event', event }));
  return { frames, until: rows.length === PAGE ? last : Math.max(last, from) };
}

function isLast(entry: LogEntry): boolean {
  return entry.kind === 'event' && entry.event.type.endsWith('.ended');
}
