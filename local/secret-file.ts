// Secrets a home makes for itself: a random value in a file only its owner reads, made once by whoever comes first.
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const SECRET_BYTES = 32;

/** The secret in `path`; generated (base64url, mode 0600) when there is none. Safe against two processes at once. */
export function ensureSecretFile(path: string): string {
  ensurePrivateFile(path, () => randomBytes(SECRET_BYTES).toString('base64url'));
  return readFileSync(path, 'utf8').trim();
}

/** Writes `make()` to `path` with mode 0600 unless the file is there; it appears whole or not at all. */
export function ensurePrivateFile(path: string, make: () => string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, make(), { mode: 0o600 });
  try {
    // A link, unlike a rename, fails when another process was first.
    linkSync(mine, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}
