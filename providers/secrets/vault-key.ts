// The key of the local vault: one file, readable by its owner only.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createDurably } from '../durable-file.ts';

/**
 * The 32 bytes in `keyFile`; made (mode 0600) when the file is not there yet. Several processes may ask at once: all get
 * the key of the one that was first.
 * @throws Error when others may read the file, or it holds something else.
 */
export async function vaultKey(keyFile: string): Promise<Buffer> {
  await mkdir(dirname(keyFile), { recursive: true });
  const there = await stat(keyFile).catch(() => null);
  if (!there) await createDurably(keyFile, `${randomBytes(32).toString('hex')}\n`);
  const { mode } = await stat(keyFile);
  if ((mode & 0o077) !== 0) throw new Error(`${keyFile} can be read by others; its mode has to be 0600`);
  const key = Buffer.from((await readFile(keyFile, 'utf8')).trim(), 'hex');
  if (key.length !== 32) throw new Error(`${keyFile} does not hold a key of 32 bytes in hex`);
  return key;
}
