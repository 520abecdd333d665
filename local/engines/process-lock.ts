// A lock file that names the process that holds it, so that the lock of a killed process is known to be free.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isSameProcess, processStartTime } from '../process-identity.ts';

/** A lock without a readable owner is being written, or its writer was killed while writing. */
const UNREADABLE_LOCK_MS = 5_000;

/** Takes the lock for this process, from a dead owner too; false when a living process holds it. */
export function takeProcessLock(file: string): boolean {
  mkdirSync(dirname(file), { recursive: true });
  if (create(file)) return true;
  if (!isAbandoned(file)) return false;
  rmSync(file, { force: true });
  return create(file);
}

/** The pid in the lock, for a message; undefined when it cannot be read. */
export function lockOwner(file: string): number | undefined {
  return readOwner(file)?.pid;
}

/** Gives up a lock that this process holds. */
export function releaseProcessLock(file: string): void {
  if (lockOwner(file) === process.pid) rmSync(file, { force: true });
}

function create(file: string): boolean {
  const owner = JSON.stringify({ pid: process.pid, startTime: processStartTime(process.pid) });
  try {
    writeFileSync(file, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function isAbandoned(file: string): boolean {
  const owner = readOwner(file);
  if (owner) return !isSameProcess(owner.pid, owner.startTime);
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > UNREADABLE_LOCK_MS;
}

function readOwner(file: string): { pid: number; startTime: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startTime: string };
  } catch {
    return undefined;
  }
}
