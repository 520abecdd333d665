/** Reads a request's body line by line, as it comes in and no faster than the lines are taken; each is bounded. */
import type { Request } from 'express';
import { PlatformError } from '../../domain/errors.ts';
import type { Line } from '../feed.ts';

export const MAX_LINE_BYTES = 64 * 1024;
export const MAX_LINES = 100_000;
const LINE_FEED = 10;

/**
 * @param signal aborted when the lines shall end, wherever the body is
 * @throws PlatformError `UnsupportedMediaType` at once, before anything is read
 */
export function readBodyLines(request: Request, signal: AbortSignal): AsyncIterable<Line> {
  const type = request.headers['content-type'] ?? '';
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (!/^application\/x-ndjson\s*(?:;\s*charset="?utf-?8"?\s*)?$/i.test(type) || coding.toLowerCase() !== 'identity') {
    throw new PlatformError('UnsupportedMediaType', 'The body has to be application/x-ndjson in UTF-8, uncompressed.');
  }
  return linesOf(request, signal);
}

async function* linesOf(request: Request, signal: AbortSignal): AsyncGenerator<Line> {
  const current = new CurrentLine();
  for await (const chunk of chunksOf(request, signal)) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      current.add(chunk.subarray(from, end));
      from = end + 1;
      for (const line of current.take()) {
        yield line;
        if (line.number > MAX_LINES) return;
      }
    }
    current.add(chunk.subarray(from));
  }
  // Of a caller who has left, what it had not finished to say is not taken for a line.
  if (request.complete) yield* current.take();
}

async function* chunksOf(request: Request, signal: AbortSignal): AsyncGenerator<Buffer> {
  const ended = Promise.withResolvers<undefined>();
  const end = () => ended.resolve(undefined);
  signal.addEventListener('abort', end, { once: true });
  // When the lines end early, their acknowledgments are still to be written on the same connection.
  const source = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  try {
    while (!signal.aborted) {
      const next = await Promise.race([source.next(), ended.promise]);
      if (!next || next.done) return;
      yield next.value;
    }
  } catch (error) {
    if (request.complete) throw error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** The bytes since the last line feed; of a line that is too long none are kept. */
class CurrentLine {
  #number = 1;
  #parts: Buffer[] = [];
  #size = 0;

  add(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > MAX_LINE_BYTES) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  /** The line, or nothing when it is blank; then the next begins. */
  *take(): Generator<Line> {
    const [number, bytes, size] = [this.#number, Buffer.concat(this.#parts), this.#size];
    this.#number += 1;
    this.#parts = [];
    this.#size = 0;
    if (size > MAX_LINE_BYTES)
      yield { number, error: tooLarge(`The line is longer than ${MAX_LINE_BYTES / 1024} kB.`) };
    else if (/^[ \t\r]*$/.test(bytes.toString('latin1'))) return;
    else if (number > MAX_LINES) yield { number, error: tooLarge(`The body has more than ${MAX_LINES} lines.`) };
    else yield { number, bytes };
  }
}

function tooLarge(message: string): PlatformError {
  return new PlatformError('BodyTooLarge', message);
}
