/** The keys that payloads are encrypted with, by their ids. Outside the bundle. */
import { z } from 'zod';

/** Not to be exported, so that no log can hold it. */
export type PayloadKey = InstanceType<typeof CryptoKey>;

export interface PayloadKeys {
  /** What is written is encrypted with this one; without it nothing is, and what was is still read. */
  current: string | null;
  byId: ReadonlyMap<string, PayloadKey>;
}

const KEY_BYTES = 32;
/** It stands readable in every payload, and in sentences. */
const keyId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const base64 = z.string().regex(/^[A-Za-z0-9+/_-]+={0,2}$/);
const form = z.strictObject({ current: keyId.nullish(), keys: z.record(keyId, base64) });

/**
 * Reads `{"current": "2026-10", "keys": {"2026-10": "<32 bytes in base64>", …}}`.
 *
 * @throws Error the rest of a sentence about the file
 */
export async function parsePayloadKeys(text: string): Promise<PayloadKeys> {
  const { current = null, keys } = parseForm(text);
  const imported = Object.entries(keys).map(async ([id, key]) => [id, await importKey(id, key)] as const);
  const byId = new Map(await Promise.all(imported));
  if (byId.size === 0) throw new Error('holds no key');
  if (current !== null && !byId.has(current)) throw new Error(`names "${current}" as current and has no such key`);
  return { current, byId };
}

function parseForm(text: string): z.infer<typeof form> {
  try {
    return form.parse(JSON.parse(text));
  } catch {
    // Without its cause, which would quote a key.
    throw new Error('is not of the form {"current": id, "keys": {id: 32 bytes in base64, …}}');
  }
}

async function importKey(id: string, text: string): Promise<PayloadKey> {
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES) throw new Error(`has a key "${id}" of ${key.length} bytes instead of ${KEY_BYTES}`);
  return await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
}
