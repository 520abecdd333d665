/** The key for encrypted access tokens, when one is configured. */
import { readFileSync } from 'node:fs';
import { parseDecryptionKey, type DecryptionKey } from '../api/auth/decryption.ts';
import { ConfigError } from './config-error.ts';

const VARIABLE = 'SLIPWAY_TOKEN_DECRYPTION_KEY_FILE';

/** @throws ConfigError when the file holds no key that can be used */
export function readDecryptionKey(env: Record<string, string | undefined>): DecryptionKey | undefined {
  const file = env[VARIABLE];
  if (!file) return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${VARIABLE} names ${file}, which cannot be read.`, { cause });
  }
  try {
    return parseDecryptionKey(text);
  } catch (cause) {
    throw new ConfigError(`${VARIABLE} names ${file}, which ${(cause as Error).message}.`, { cause });
  }
}
