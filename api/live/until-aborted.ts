/** Waits for `start` to call back. @throws the signal's reason, when that comes first */
export async function untilAborted(signal: AbortSignal, start: (done: () => void) => void): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    start(() => {
      signal.removeEventListener('abort', leave);
      resolve();
    });
  });
}
