/** How long to wait before a workload that ended is started again. */
const FIRST_MS = 100;
const LONGEST_MS = 10_000;
/** A workload that ran this long was not crashing: the next wait is the first again. */
const STABLE_MS = 60_000;

export class BackOff {
  #inARow = 0;

  nextDelayMs(ranMs: number): number {
    if (ranMs >= STABLE_MS) this.#inARow = 0;
    const delay = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.#inARow, 16));
    this.#inARow += 1;
    return delay;
  }
}
