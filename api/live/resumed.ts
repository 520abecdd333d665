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

/** A source of states for a reader that comes back: what it has seen last is not told again; what nobody knows, is. */
export function resumed<T>(source: Source<T>, { lastEventId, isKnown, idOf }: ResumedFrom<T>): Source<Resumed<T>> {
  return async (sink, signal) => {
    let isFirst = lastEventId !== null;
    const asResumed: Sink<T> = {
      write(frame, skipped, taken) {
        const told = isFirst && isKnown && idOf(frame.value) === lastEventId;
        const isReset = isFirst && !isKnown;
        isFirst = false;
        if (told) return taken();
        sink.write(isReset ? new Frame({ value: frame.value, isReset }) : frame.as(plain<T>), skipped, taken);
      },
    };
    await source(asResumed, signal);
  };
}

/** The same for every reader that is told it in its turn. */
function plain<T>(value: T): Frame<Resumed<T>> {
  return new Frame({ value, isReset: false });
}
