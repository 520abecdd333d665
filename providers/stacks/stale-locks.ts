// The locks that keep the engine from a stack: as it names them when it refuses, and where they are.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface StackLock {
  pid: number;
  host: string;
}

/** `created by root@host (pid 123) at …`, once per lock. Empty: the engine did not refuse because of locks. */
export function locksNamedIn(error: unknown): StackLock[] {
  const text = error instanceof Error ? error.message : String(error);
  if (!text.includes('the stack is currently locked by')) return [];
  const named = [...text.matchAll(/created by .*@(\S+) \(pid (\d+)\)/g)].map(([, host = '', pid]) => ({
    host,
    pid: Number(pid),
  }));
  // The message comes twice: in what the engine said and in what the call threw.
  return [...new Map(named.map((lock) => [`${lock.host}/${lock.pid}`, lock])).values()];
}

/**
 * Takes away the locks of a stack that was never saved, which `pulumi cancel` does not find. Of a backend that is no
 * folder they stay, and the engine goes on naming them.
 * @param stackKey `<project>/<stack>`
 */
export async function removeLocksOf(backendUrl: string, stackKey: string): Promise<void> {
  if (!backendUrl.startsWith('file://')) return;
  await rm(lockFolderOf(backendUrl, stackKey), { recursive: true, force: true });
}

export function lockFolderOf(backendUrl: string, stackKey: string): string {
  return join(fileURLToPath(backendUrl), '.pulumi', 'locks', 'organization', ...stackKey.split('/'));
}
