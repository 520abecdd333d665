// A file as a claim: it exists with its whole content or not at all, and of several claimants one gets it.
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** False when the name is taken. A hard link refuses a taken name, a rename would not. */
export async function claimFile(path: string, content: unknown): Promise<boolean> {
  return await withTemporary(path, content, async (temporary) => {
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

export async function replaceFile(path: string, content: unknown): Promise<void> {
  await withTemporary(path, content, async (temporary) => await rename(temporary, path));
}

/** The parsed content, or null when there is no such file. */
export async function readClaim(path: string): Promise<Record<string, unknown> | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

async function withTemporary<T>(path: string, content: unknown, use: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(content)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    return await use(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}
