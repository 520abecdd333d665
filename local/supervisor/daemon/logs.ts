/** Reads the replicas' logs: the last lines of each, then what is added; without the values of their secrets. */
import { open, type FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as pause } from 'node:timers/promises';
import type { LogLine } from '../../../providers/compute/port.ts';
import type { Redact } from '../../../providers/secrets/port.ts';
import { instanceFiles } from '../instance-record.ts';
import type { Replica } from './replica.ts';

/** More than this of one file is not looked through for the last lines. */
const TAIL_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const LOOK_EVERY_MS = 200;

export interface ReadLogsOptions {
  tail: number;
  follow: boolean;
  signal: AbortSignal;
  redactOf(replica: Replica): Promise<Redact>;
}

/** @param replicas asked again while following, so that new replicas join in. */
export async function* readLogs(replicas: () => Replica[], options: ReadLogsOptions): AsyncGenerator<LogLine> {
  const readers = new Map<string, LogReader>();
  for (const replica of replicas()) {
    const reader = new LogReader(replica, await options.redactOf(replica));
    readers.set(replica.folder, reader);
    yield* await reader.tail(options.tail);
  }
  while (options.follow && !options.signal.aborted) {
    for (const replica of replicas()) {
      const reader = readers.get(replica.folder) ?? new LogReader(replica, await options.redactOf(replica));
      readers.set(replica.folder, reader);
      yield* await reader.added();
    }
    await pause(LOOK_EVERY_MS, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

class LogReader {
  readonly #replica: Replica;
  readonly #redact: Redact;
  #offset = 0;
  #decoder = new StringDecoder('utf8');
  #partial = '';

  constructor(replica: Replica, redact: Redact) {
    this.#replica = replica;
    this.#redact = redact;
  }

  async tail(count: number): Promise<LogLine[]> {
    const files = instanceFiles(this.#replica.folder);
    const { text, size } = await readEnd(files.log);
    // A last line without its newline is still being written: it is told when it is whole.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    this.#offset = size - Buffer.byteLength(text.slice(whole.length));
    let lines = linesOf(whole);
    if (lines.length < count) lines = [...linesOf((await readEnd(files.oldLog)).text), ...lines];
    return count === 0 ? [] : lines.slice(-count).map((line) => this.#line(line));
  }

  async added(): Promise<LogLine[]> {
    const text = this.#partial + (await this.#readOn());
    const end = text.lastIndexOf('\n') + 1;
    this.#partial = text.slice(end);
    return linesOf(text.slice(0, end)).map((line) => this.#line(line));
  }

  async #readOn(): Promise<string> {
    return await withFile(instanceFiles(this.#replica.folder).log, '', async (file) => {
      const { size } = await file.stat();
      if (size < this.#offset) {
        // The shim emptied the file.
        this.#offset = 0;
        this.#decoder = new StringDecoder('utf8');
        this.#partial = '';
      }
      const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, this.#offset);
      this.#offset += bytesRead;
      return this.#decoder.write(buffer.subarray(0, bytesRead));
    });
  }

  #line(line: string): LogLine {
    return { instanceId: this.#replica.record.instanceId, revision: this.#replica.revision, line: this.#redact(line) };
  }
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

async function readEnd(path: string): Promise<{ text: string; size: number }> {
  return await withFile(path, { text: '', size: 0 }, async (file) => {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    return { text: length < size ? text.slice(text.indexOf('\n') + 1) : text, size: size - length + bytesRead };
  });
}

/** @param missing the answer when there is no such file yet. */
async function withFile<T>(path: string, missing: T, read: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return missing;
    throw error;
  }
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}
