import { PlatformError } from '../domain/errors.ts';

/** Clocks differ by so much; what lies further ahead would stand in the way of all that is said after it. */
const TOLERANCE_MS = 60_000;

/** @throws PlatformError `ValidationFailed` when a caller says that it saw something in the future */
export function checkNotAhead(time: string, pointer: string): void {
  if (Date.parse(time) <= Date.now() + TOLERANCE_MS) return;
  throw new PlatformError('ValidationFailed', 'One thing is wrong with the input.', {
    pointers: [{ pointer, message: 'lies in the future' }],
  });
}
