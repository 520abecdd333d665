// The locks that keep the engine from a stack, as it names them when it refuses.

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
