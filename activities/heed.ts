/** What an attempt heeds while it works: commands are decided on the row, and whoever works on it looks there. */
import type { Database } from '../db/client.ts';
import { heededOf, type Heeded } from '../db/commands.ts';
import { OperationFault, type Failure } from '../domain/failures.ts';
import type { OperationKey } from '../domain/ids.ts';

/** How soon a command is heard. */
const LOOK_MS = 1_000;

export interface Heed extends Disposable {
  /** Aborted, with the fault it ends with, when the operation is to be given up. */
  signal: AbortSignal;
  /** It is to stop at the next step. */
  isPaused(): boolean;
  stepsPassed(): number;
  /** Looks again now. */
  look(): Promise<void>;
}

/** Looks until it is disposed of. @throws OperationFault when the operation is to be given up already */
export async function openHeed(db: Database, input: OperationKey): Promise<Heed> {
  const look = () => db.forTenant(input.tenantId, (tx) => heededOf(tx, input));
  const aborted = new AbortController();
  let seen: Heeded = await look();
  let isLooking = false;
  const heed = (now: Heeded) => {
    seen = now;
    if (now.wanted === 'abort') aborted.abort(faultOf(now.because));
  };
  heed(seen);
  aborted.signal.throwIfAborted();
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      // A database that is away is asked again; what was last seen holds meanwhile.
      .then(heed, () => undefined)
      .finally(() => (isLooking = false));
  }, LOOK_MS);
  return {
    signal: aborted.signal,
    isPaused: () => seen.wanted === 'pause',
    stepsPassed: () => seen.stepsPassed,
    look: async () => heed(await look()),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** What an operation that is given up ends with. */
export function faultOf(because: Failure | null): OperationFault {
  return new OperationFault(because ?? { code: 'OperationAborted', message: 'It was aborted.' });
}
