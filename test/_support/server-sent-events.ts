/** A reader of server-sent events, by what the specification says of their form. */
import { until } from './until.ts';

export interface SentEvent {
  id: string | null;
  event: string;
  // Tests look into it field by field.
  data: Record<string, unknown>;
}

export interface EventReader extends Disposable {
  status: number;
  headers: Headers;
  /** All that came so far. */
  events: SentEvent[];
  /** Comments and `retry` fields, as they came. */
  other: string[];
  /** Resolves when the server has ended the stream. */
  ended: Promise<void>;
  /** Waits until so many events have come. */
  atLeast(count: number): Promise<SentEvent[]>;
  /** Waits for an event that this holds for. */
  having(what: string, holds: (event: SentEvent) => boolean): Promise<SentEvent>;
}

export async function openEvents(url: string, headers: Record<string, string>): Promise<EventReader> {
  const leave = new AbortController();
  const response = await fetch(url, { headers, signal: leave.signal });
  const events: SentEvent[] = [];
  const other: string[] = [];
  const ended = read(response, events, other).catch((error: unknown) => {
    if (!leave.signal.aborted) throw error;
  });
  return {
    ...{ status: response.status, headers: response.headers, events, other, ended },
    async atLeast(count) {
      await until(() => events.length >= count, { what: `${count} events; there are ${JSON.stringify(events)}` });
      return events;
    },
    having: (what, holds) => until(() => events.find(holds), { what }),
    [Symbol.dispose]: () => leave.abort(),
  };
}

async function read(response: Response, events: SentEvent[], other: string[]): Promise<void> {
  let text = '';
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString('utf8');
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/:\s?(.*)/s).slice(0, 2) as [string, string]));
      const data = fields.get('data');
      if (data === undefined) other.push(block);
      else
        events.push({ id: fields.get('id') ?? null, event: fields.get('event') ?? 'message', data: JSON.parse(data) });
    }
  }
}
