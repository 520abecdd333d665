import type { Frame, Sink } from './source.ts';

/** One reader of a state: what it has not taken yet is only ever the latest; what that replaced is counted. */
export class Outlet<T> {
  readonly #sink: Sink<T>;
  #isBusy = false;
  #next: Frame<T> | null = null;
  #skipped = 0;
  #idle: (() => void) | null = null;

  constructor(sink: Sink<T>) {
    this.#sink = sink;
  }

  offer(frame: Frame<T>): void {
    if (this.#next) this.#skipped++;
    this.#next = frame;
    if (!this.#isBusy) this.#send();
  }

  /** Calls back once the reader has taken all that was offered. */
  whenIdle(idle: () => void): void {
    this.#idle = idle;
    if (!this.#isBusy) idle();
  }

  #send(): void {
    const frame = this.#next;
    if (!frame) return this.#idle?.();
    const skipped = this.#skipped;
    this.#next = null;
    this.#skipped = 0;
    this.#isBusy = true;
    this.#sink.write(frame, skipped, this.#taken);
  }

  readonly #taken = (): void => {
    this.#isBusy = false;
    this.#send();
  };
}
