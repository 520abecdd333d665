// A process's log, appended to over its starts.
import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const ROTATE_BYTES = 20 * 1024 * 1024;
const TAIL_BYTES = 8 * 1024;

/** An open log; `from` is its length before this start. */
export interface OpenLog {
  descriptor: number;
  from: number;
}

/** Opens the log to append; a long one is kept as `<file>.1` and begun anew. */
export function openLog(file: string): OpenLog {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > ROTATE_BYTES) renameSync(file, `${file}.1`);
  return { descriptor: openSync(file, 'a', 0o600), from: existsSync(file) ? statSync(file).size : 0 };
}

/** The last lines written since `from`, for an error message. */
export function lastLines(file: string, from: number, count = 5): string {
  const size = existsSync(file) ? statSync(file).size : 0;
  const start = Math.max(from, size - TAIL_BYTES);
  if (start >= size) return '(its log is empty)';
  const buffer = Buffer.alloc(size - start);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, buffer, 0, buffer.length, start);
  } finally {
    closeSync(descriptor);
  }
  return buffer.toString('utf8').trimEnd().split('\n').slice(-count).join('\n');
}
