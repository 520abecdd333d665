/** Waits for a state instead of a time. */
export interface UntilOptions {
  /** Named in the error when the state does not come. */
  what: string;
  timeoutMs?: number;
  everyMs?: number;
}

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;

/** Polls until `look` gives something truthy and returns that. @throws when it has not by the (generous) deadline. */
export async function until<T>(
  look: () => T | Promise<T>,
  { what, timeoutMs = 60_000, everyMs = 50 }: UntilOptions,
): Promise<Truthy<T>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen) return seen as Truthy<T>;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}; last: ${String(last)}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
