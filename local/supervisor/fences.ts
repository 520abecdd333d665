/** The highest fence seen per environment, on disk before it counts, so that a zombie stays refused after a restart. */
import { join } from 'node:path';
import { OperationFault } from '../../domain/failures.ts';
import { readJson, writeJsonDurably } from './files.ts';
import { KeyedQueue } from './keyed-queue.ts';

export class Fences {
  readonly #folder: string;
  readonly #highest = new Map<string, number>();
  readonly #queue = new KeyedQueue();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes note of `fence`; the same one again is fine. @throws OperationFault `FenceRefused` when a higher one was seen. */
  async claim(environmentId: string, fence: number): Promise<void> {
    await this.#queue.run(environmentId, async () => {
      const file = join(this.#folder, `${environmentId}.json`);
      const highest = this.#highest.get(environmentId) ?? (await readJson<{ fence: number }>(file))?.fence ?? 0;
      if (fence < highest) {
        const message = `fence ${fence} of ${environmentId} is older than ${highest}: another attempt has taken over`;
        throw new OperationFault({ code: 'FenceRefused', message });
      }
      if (fence > highest) await writeJsonDurably(file, { fence });
      this.#highest.set(environmentId, fence);
    });
  }
}
