import { Frame, type Sink, type Source } from './source.ts';

/** A state, as one stream tells it. */
export interface Resumed<T> {
  value: T;
  /** What the reader has seen last is nothing that is on record. */
  isReset: boolean;
}

export interface ResumedFrom<T> {
  lastEventId: string | null;
  isKnown: boolean;
  idOf(value: T): string;
}

/**
 * For a reader that comes back: what it has seen last is not told again; after what nobody knows the first state is a reset.
 *
 * @param source of states that are no resets; who has seen nothing reads it as it is
 */
export function resumed<T>(
  source: Source<Resumed<T>>,
  { lastEventId, isKnown, idOf }: ResumedFrom<T>,
): Source<Resumed<T>> {
  if (lastEventId === null) return source;
  return async (sink, signal) => {
    let isFirst = true;
    const asResumed: Sink<Resumed<T>> = {
      write(frame, skipped, taken) {
        const isAnswered = isFirst && isKnown && idOf(frame.value.value) === lastEventId;
        const isReset = isFirst && !isKnown;
        isFirst = false;
        if (isAnswered) return taken();
        sink.write(isReset ? new Frame({ ...frame.value, isReset }) : frame, skipped, taken);
      },
    };
    await source(asResumed, signal);
  };
}
