/**
 * A decider in another process, over HTTP. Whatever is not one clean answer in time (an error, a redirect, a body too
 * large, one of another form) is no answer, and who asked is refused.
 */
import { PlatformError } from '../../domain/errors.ts';

export interface DeciderOptions {
  /** Where the decider is, with its path before ours, if it has one. */
  url: string;
  /** Sent as a bearer token when it is given. */
  token?: string;
  /** @default 2500 */
  timeoutMs?: number;
}

/** Below the time that a call of ours waits for its decision, so that the log says which limit it was. */
const TIMEOUT_MS = 2_500;
const MAX_BYTES = 64 * 1024;

export interface DeciderCall<T> {
  path: string;
  headers?: Record<string, string>;
  body: unknown;
  /** Statuses that are clean answers. */
  expected: readonly number[];
  /** @throws Error when the answer is not as it should be */
  read(answer: unknown, status: number): T;
}

/** @throws PlatformError `GovernanceUnavailable` */
export async function askDecider<T>(
  { url, token, timeoutMs = TIMEOUT_MS }: DeciderOptions,
  { path, headers, body, expected, read }: DeciderCall<T>,
): Promise<T> {
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...headers,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      // An answer counts from the decider that was configured, and from no other.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readBounded(response);
    if (!expected.includes(response.status)) throw new Error(`the decider answered ${response.status}`);
    return read(JSON.parse(text), response.status);
  } catch (cause) {
    throw new PlatformError('GovernanceUnavailable', 'Governance gives no decision now, so the change is refused.', {
      cause,
    });
  }
}

/** Whether somebody answers there: anything but a failure of the decider's own. @throws Error */
export async function reachDecider({ url }: DeciderOptions, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { redirect: 'manual', signal });
  await response.body?.cancel();
  if (response.status >= 500) throw new Error(`the decider answered ${response.status}`);
}

/** The whole body, given up as soon as it is longer than an answer can be. */
async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`the decider answered more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
