/**
 * The exclusive lock on an instance: whoever holds it may run the workload. It is the operating system's lock on a SQLite
 * file, so it needs no native dependency, ends with its holder however that ends, and is not inherited by the workload.
 */
import { DatabaseSync } from 'node:sqlite';

export interface InstanceLock {
  release(): void;
}

/** Null when another process holds the lock, or when the instance's folder is gone. Never waits. */
export function tryLock(file: string): InstanceLock | null {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file);
  } catch {
    return null;
  }
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch {
    database.close();
    return null;
  }
  return { release: () => database.close() };
}
