import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock, type InstanceLock } from '../local/supervisor/instance-lock.ts';

/** Referenced to the end: a lock that is collected is let go. */
const held: InstanceLock[] = [];

/**
 * Makes this process the only one of its kind on `folder`, until it ends. When another one runs there: one sentence,
 * exit code 1, and false.
 */
export function lockHome(folder: string, name: string): boolean {
  mkdirSync(folder, { recursive: true });
  const lock = tryLock(join(folder, 'lock'));
  if (lock) {
    held.push(lock);
    return true;
  }
  console.error(`Another ${name} already works on ${folder}: stop it, or set SLIPWAY_HOME to another folder.`);
  process.exitCode = 1;
  return false;
}
