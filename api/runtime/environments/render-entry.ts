import type { z } from 'zod';
import type { LogEntry } from '../../live/event-tail.ts';
import type { eventEntry } from '../../shapes/event.ts';

interface Rendered {
  id: string;
  event: string;
  data: z.input<typeof eventEntry>;
}

/** An entry of an event log, as it is told; to come back after it, its id is given. */
export function renderEntry(entry: LogEntry): Rendered {
  if (entry.kind === 'event') {
    const { id, type, revision, operationId, at, data } = entry.event;
    const told = { ...data, eventId: id, type, revision, operationId, at: at.toISOString() };
    return { id, event: type, data: told };
  }
  const { revision, eventId } = entry.at;
  return { id: eventId ?? '', event: entry.kind, data: { type: entry.kind, revision, eventId } };
}
