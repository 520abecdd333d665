/** Files of payload keys, which are made when a test runs. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';

export interface KeysFile {
  current?: string | null;
  keys: Record<string, string>;
}

export const newPayloadKey = (): string => randomBytes(32).toString('base64');

/** One key of that id, which is the current one. */
export const oneKey = (id: string): KeysFile => ({ current: id, keys: { [id]: newPayloadKey() } });

/** Readable by its owner only. */
export function writePayloadKeys(file: string, content: KeysFile): string {
  writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
  return file;
}
