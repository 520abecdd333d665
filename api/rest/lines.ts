/** Answers line by line, at the pace of the reader. */
import { once } from 'node:events';
import type { Response } from 'express';

/** A source that fails at once answers with a status of its own; so long its first line is waited for. */
const FIRST_LINE_MS = 500;

/** @throws what the source throws before the first line; later the connection is cut, so that an end is not mistaken for one. */
export async function sendLines(response: Response, lines: AsyncIterable<unknown>, signal: AbortSignal): Promise<void> {
  const source = lines[Symbol.asyncIterator]();
  let next = source.next();
  await Promise.race([next, new Promise((resolve) => setTimeout(resolve, FIRST_LINE_MS).unref())]);
  response.status(200).setHeader('content-type', 'application/x-ndjson').flushHeaders();
  try {
    for (let item = await next; !item.done && !signal.aborted; item = await next) {
      if (!response.write(`${JSON.stringify(item.value)}\n`)) await once(response, 'drain', { signal });
      next = source.next();
    }
    response.end();
  } catch (error) {
    if (!signal.aborted) throw error;
    response.end();
  } finally {
    await source.return?.();
  }
}
