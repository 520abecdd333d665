/** The keys of payloads, when a file with them is configured. */
import { readFileSync, statSync } from 'node:fs';
import { parsePayloadKeys, type PayloadKeys } from '../workflows/payload-keys.ts';
import { ConfigError } from './config-error.ts';

const VARIABLE = 'SLIPWAY_PAYLOAD_KEYS_FILE';
const OF_OTHERS = 0o077;

/** @throws ConfigError when the file is open to others, or holds no keys that can be used */
export async function readPayloadKeys(env: Record<string, string | undefined>): Promise<PayloadKeys | undefined> {
  const file = env[VARIABLE];
  if (!file) return undefined;
  const { mode, text } = readAll(file);
  if ((mode & OF_OTHERS) !== 0) {
    throw new ConfigError(`${VARIABLE} names ${file}, which can be read by others; its mode has to be 0600.`);
  }
  try {
    return await parsePayloadKeys(text);
  } catch (cause) {
    throw new ConfigError(`${VARIABLE} names ${file}, which ${(cause as Error).message}.`, { cause });
  }
}

function readAll(file: string): { mode: number; text: string } {
  try {
    return { mode: statSync(file).mode, text: readFileSync(file, 'utf8') };
  } catch (cause) {
    throw new ConfigError(`${VARIABLE} names ${file}, which cannot be read.`, { cause });
  }
}
