/** What activities do on a workflow stand, and what is read of what they did. */
import { Context } from '@temporalio/activity';
import { rethrow } from '../../activities/failures.ts';
import type { Begun, EndInput } from '../../activities/operation.ts';
import { OperationFault, type Failure, type FailureCode } from '../../domain/failures.ts';
import type { Act, Ran } from './workflow-stand.ts';

/** The row of an operation as `begin` reads it: a minute for its work, and another one for going back. */
export function begins(change: Partial<Begun> = {}): Act {
  const now = Date.now();
  const times = { forwardUntilMs: now + 60_000, deadlineMs: now + 120_000 };
  const begun: Begun = { phase: 'Provisioning', failure: null, autoRollback: true, summary: 'it', ...times, ...change };
  return () => begun;
}

/** The times of one whose forward work has to end at once, with a minute for what comes then. */
export const soon = (): Partial<Begun> => ({ forwardUntilMs: Date.now() + 1_500, deadlineMs: Date.now() + 60_000 });

export const failure = (code: FailureCode): Failure => ({ code, message: `${code} it is.` });

export const fails =
  (code: FailureCode): Act =>
  () =>
    rethrow(new OperationFault(failure(code)));

/** A look that finds nothing more to tell. */
export const explains: Act = ({ failure: told }) => told;

/** Lost the first time, as by a worker that was killed; done the second. */
export const lostOnce =
  (act: Act = () => undefined): Act =>
  (input, attempt) => {
    if (attempt === 1) throw new Error('lost');
    return act(input, attempt);
  };

/** Works until it is told to stop, and comes to its end then all the same. */
export async function untilTold(): Promise<void> {
  await untilCancelled().catch(() => undefined);
}

/** Works until it is told to stop, and stops. */
export async function untilCancelled(): Promise<void> {
  const { cancelled, heartbeat } = Context.current();
  const beat = setInterval(() => heartbeat(), 100);
  await cancelled.finally(() => clearInterval(beat));
}

export const namesOf = ({ calls }: Ran): string[] => calls.map(({ name }) => name);

/** How the row was ended, each time that it was. */
export function endsOf({ calls }: Ran): { phase: string; code?: string; convergeReason?: string }[] {
  const ends = calls.filter(({ name }) => name === 'end').map(({ input }) => input as unknown as EndInput);
  return ends.map(({ phase, failure: of, convergeReason }) => ({ phase, code: of?.code, convergeReason }));
}
