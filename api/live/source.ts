/** What a live stream sends, whatever carries it: a source writes frames to a sink, one at a time, as fast as its reader takes them. */

/** One state or event. However many readers it goes to, it is encoded once for each form. */
export class Frame<T> {
  readonly value: T;
  readonly #forms: { encode: unknown; encoded: unknown }[] = [];

  constructor(value: T) {
    this.value = value;
  }

  /** @param encode a function that is the same for every reader of one form. */
  as<E>(encode: (value: T) => E): E {
    // A handful at most, and mostly the one that was asked for first.
    for (const form of this.#forms) if (form.encode === encode) return form.encoded as E;
    const encoded = encode(this.value);
    this.#forms.push({ encode, encoded });
    return encoded;
  }
}

/** The way to one reader. */
export interface Sink<T> {
  /**
   * Sends a frame. The next one may be written when `taken` has been called: what is not taken yet is held here alone, so
   * that a reader who is slow, or does not read at all, costs one frame.
   *
   * @param skipped how many newer frames than the last one were left out before this one, because the reader was behind.
   */
  write(frame: Frame<T>, skipped: number, taken: () => void): void;
}

/**
 * Writes until there is nothing more to come (resolves) or the stream has to end (rejects, with a PlatformError for the
 * reader). Ends too, by rejecting with its reason, when `signal` is aborted.
 */
export type Source<T> = (sink: Sink<T>, signal: AbortSignal) => Promise<void>;
