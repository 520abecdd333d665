// A provider outlives an engine that was killed, and would go on for ever: it ends when its parent is another process.

/** @param everyMs how often it looks. */
export function endWithEngine(everyMs = 500): void {
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) process.kill(process.pid, 'SIGKILL');
  }, everyMs).unref();
}
