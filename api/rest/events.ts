/** A live stream as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import { setImmediate } from 'node:timers/promises';
import type { Response } from 'express';
import type { WatchEndpoint } from '../endpoint.ts';
import type { Sink } from '../live/source.ts';
import { refusalOf } from '../refusal.ts';

export const EVENT_STREAM = 'text/event-stream';

/** Often enough for what stands between, which closes connections that are silent for a minute. */
const HEARTBEAT_MS = 15_000;
/** When a client that lost the stream opens it again. */
const RETRY_MS = 2_000;

type Told = ReturnType<WatchEndpoint['event']>;

/**
 * Sends until the stream is over, and says why in a last event `end`.
 *
 * @throws what refuses the stream before anything of it was sent
 */
export async function sendEvents(
  response: Response,
  { event }: WatchEndpoint,
  send: (sink: Sink<unknown>) => Promise<void>,
): Promise<void> {
  const encode = encoderOf(event);
  const write = (text: string, taken: () => void) => {
    if (!response.headersSent) open(response);
    if (response.write(text)) taken();
    else response.once('drain', taken);
  };
  // Of a reader that does not read, nothing is in the way but what it has not read.
  const beat = setInterval(() => {
    if (response.headersSent && !response.writableNeedDrain) response.write(':\n\n');
  }, HEARTBEAT_MS);
  try {
    const sent = send({
      write(frame, skipped, taken) {
        const marker = skipped > 0 ? encodeEvent({ id: '', event: 'skipped', data: { skipped } }) : '';
        write(marker + frame.as(encode), taken);
      },
    });
    // A stream that may be opened is open now, whenever its first event comes.
    await Promise.race([sent, setImmediate()]);
    if (!response.headersSent) open(response);
    await sent;
    end(response, { code: 'Ended', detail: 'Nothing comes after this.' });
  } catch (error) {
    if (!response.headersSent) throw error;
    const { code, publicMessage } = refusalOf(error);
    end(response, { code, detail: publicMessage });
  } finally {
    clearInterval(beat);
  }
}

function open(response: Response): void {
  // What stands between passes on what comes as it comes.
  response.status(200).setHeader('content-type', EVENT_STREAM).setHeader('x-accel-buffering', 'no');
  response.write(`retry: ${RETRY_MS}\n\n`);
}

function end(response: Response, data: { code: string; detail: string }): void {
  if (!response.headersSent) open(response);
  response.end(encodeEvent({ id: '', event: 'end', data }));
}

const encoders = new WeakMap<WatchEndpoint['event'], (value: unknown) => string>();

/** One function per endpoint, so that a frame is encoded once. */
function encoderOf(event: WatchEndpoint['event']): (value: unknown) => string {
  const encode = encoders.get(event) ?? ((value) => encodeEvent(event(value)));
  encoders.set(event, encode);
  return encode;
}

/** Without an id, the one before stays the caller's last. */
function encodeEvent({ id, event, data }: Told): string {
  return `${id && `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
