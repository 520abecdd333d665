/** Where the issuer says its keys are, and what is there. Whatever is not one clean answer in time is no answer. */
import type { JSONWebKey } from 'jwks-rsa';

/** A discovery document or a key set with its certificates is some kilobytes. */
const MAX_BYTES = 64 * 1024;

/** @throws Error when the issuer gives no key set; whether one has keys in it is not looked at */
export async function fetchKeys(issuer: string, timeoutMs: number): Promise<{ keys: JSONWebKey[] }> {
  // One limit for both: calls wait for the whole of it.
  const signal = AbortSignal.timeout(timeoutMs);
  const discovery = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal);
  if (discovery.issuer !== issuer)
    throw new Error(`the issuer calls itself ${String(discovery.issuer)}, not ${issuer}`);
  if (typeof discovery.jwks_uri !== 'string') throw new Error('the issuer names no jwks_uri');
  const { keys } = await fetchJson(discovery.jwks_uri, signal);
  if (!Array.isArray(keys)) throw new Error('the key set has no keys');
  return { keys };
}

async function fetchJson(url: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  // Keys count from where the issuer says they are, and from nowhere else.
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
  const text = await readBounded(response, url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** The whole body, given up as soon as it is longer than an answer can be. */
async function readBounded(response: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`${url} answered more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
