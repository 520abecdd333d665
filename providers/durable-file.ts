// Files that are whole or absent, whatever is killed when: written beside their place, synced, then given their name.
import { randomUUID } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Replaces `path` by a file of mode 0600 with this content. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const temporary = await writeBeside(path, content);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/**
 * Creates `path` with this content, or leaves what is there. Of several callers exactly one gets true.
 * A hard link is used because, unlike a rename, it refuses a name that is taken.
 */
export async function createDurably(path: string, content: string): Promise<boolean> {
  const temporary = await writeBeside(path, content);
  try {
    await link(temporary, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

async function writeBeside(path: string, content: string): Promise<string> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
