import type { Frame, Sink } from './source.ts';

/** One reader of a state: what it has not taken yet is only ever the latest; what that replaced is counted. */
export class Outlet<T> {
  readonly #sink: Sink<T>;
  #isBusy = false;
  #next: Frame<T> | null = null;
  #skipped = 0;
  #isLast = false;
  /** Resolves once the reader has taken the last of all; who ends it otherwise rejects it. */
  readonly ended = Promise.withResolvers<void>();

  constructor(sink: Sink<T>) {
    this.#sink = sink;
  }

  /** @param isLast nothing comes after it */
  offer(frame: Frame<T>, isLast: boolean): void {
    this.#isLast = isLast;
    if (this.#next) this.#skipped++;
    this.#next = frame;
    if (!this.#isBusy) this.#send(frame);
  }

  #send(frame: Frame<T>): void {
    const skipped = this.#skipped;
    this.#next = null;
    this.#skipped = 0;
    this.#isBusy = true;
    this.#sink.write(frame, skipped, this.#taken);
  }

  readonly #taken = (): void => {
    this.#isBusy = false;
    if (this.#next) this.#send(this.#next);
    else if (this.#isLast) this.ended.resolve();
  };
}
