/** Forward work ends by a time, whatever it does. */
import { CancellationScope, isCancellation, patched, sleep } from '@temporalio/workflow';
import type { Failure } from '../domain/failures.ts';
import { asWorkflowFailure } from './failures.ts';

/** How long a cancelled step may take to stop; after that the fence keeps it from doing harm. */
export const STOP_MS = 15_000;
/** Before, work that had come to its end after its time was undone. */
const LATE_END = 'late-end';

/** Runs `work` until it ends or `untilMs` comes. @throws ApplicationFailure `ProgressDeadlineExceeded`, with `message`, then. */
export async function withDeadline(untilMs: number, work: () => Promise<void>, message: string): Promise<void> {
  const scope = new CancellationScope();
  const running = scope.run(work);
  const timer = new CancellationScope();
  const late = timer
    .run(() => sleep(Math.max(1, untilMs - Date.now()), { summary: 'forward work ends' }))
    .then(
      () => true,
      (error: unknown) => {
        if (isCancellation(error)) return false;
        throw error;
      },
    );
  try {
    const ended = await Promise.race([running.then(() => true), late.then((isLate) => !isLate)]);
    if (ended) return await running;
    scope.cancel();
    // Its last step may have come to its end before it heard: then the operation has ended well. Any other step leaves one
    // that is not begun any more.
    const finished = running.then(
      () => true,
      () => false,
    );
    if ((await Promise.race([finished, sleep(STOP_MS).then(() => false)])) && patched(LATE_END)) return;
    const failure: Failure = { code: 'ProgressDeadlineExceeded', message };
    throw asWorkflowFailure(failure);
  } finally {
    timer.cancel();
  }
}
