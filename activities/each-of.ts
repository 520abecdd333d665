/**
 * Runs `work` over all items, at most `concurrency` at a time, and waits for every one that was begun: when one fails no
 * further is begun, those under way are told by their signal, and nothing goes on behind the caller's back.
 *
 * @throws the first failure.
 */
export async function eachOf<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const lost = new AbortController();
  const runner = async () => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift()) {
      try {
        await work(item, lost.signal);
      } catch (error) {
        failures.push(error);
        lost.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, runner));
  if (failures.length > 0) throw failures[0];
}
