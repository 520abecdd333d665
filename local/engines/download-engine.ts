import { execFile } from 'node:child_process';
import { chmodSync, createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { promisify } from 'node:util';
import type { Engine } from './engine.ts';
import type { FindEngineOptions } from './find-engine.ts';

/** No byte for this long is the end of the attempt: where downloads are blocked, Go's turn comes soon. */
const SILENCE_LIMIT_MS = 20_000;

/** Downloads what the vendor has of the pinned version and puts it into a folder. @throws Error one reason */
export async function downloadEngine(engine: Engine, into: string, options: FindEngineOptions): Promise<void> {
  const { url } = engine.archive;
  const host = new URL(url).host;
  options.onProgress(`Downloading ${engine.title} ${engine.version} from ${host} …`);
  const archive = join(into, 'archive.tar.gz');
  try {
    await download(url, archive, options.signal);
    await unpack(engine, archive, into);
  } catch (error) {
    const reason = `download from ${host} failed: ${reasonOf(error)}`;
    options.onProgress(`The ${reason}.`);
    throw new Error(reason, { cause: error });
  } finally {
    rmSync(archive, { force: true });
  }
}

async function unpack(engine: Engine, archive: string, into: string): Promise<void> {
  if ('isExecutable' in engine.archive) {
    renameSync(archive, join(into, engine.binary));
    chmodSync(join(into, engine.binary), 0o755);
    return;
  }
  const target = join(into, engine.archive.into);
  mkdirSync(target, { recursive: true });
  const strip = `--strip-components=${engine.archive.stripComponents}`;
  await promisify(execFile)('tar', ['-xzf', archive, '-C', target, strip]);
}

async function download(url: string, file: string, signal?: AbortSignal): Promise<void> {
  const silence = new AbortController();
  const timer = setTimeout(
    () => silence.abort(new Error(`no answer for ${SILENCE_LIMIT_MS / 1000} s`)),
    SILENCE_LIMIT_MS,
  );
  try {
    const response = await fetch(url, { signal: AbortSignal.any([silence.signal, ...(signal ? [signal] : [])]) });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    body.on('data', () => timer.refresh());
    await pipeline(body, createWriteStream(file));
  } finally {
    clearTimeout(timer);
  }
}

/** `fetch` says only "fetch failed"; the cause says why. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message || message : message;
}
