// The engine's commands as an attempt uses them: watched, with its lock trouble handled and its words turned into ours.
import type { EngineEvent, OutputMap, Stack } from '@pulumi/pulumi/automation/index.js';
import { faultOf, isFault } from './engine-faults.ts';
import { errorOf, progressOf } from './engine-report.ts';
import { isLeftByDeadRun, type RunsOfStack } from './engine-runs.ts';
import type { StackRun } from './port.ts';
import { locksNamedIn } from './stale-locks.ts';

/**
 * up: to what the program wants, after a look at reality. adopt: the same as far as it goes, so that all that exists is
 * known to the state. clean: forget half-made steps. destroy: everything away.
 */
export type EngineStep = 'up' | 'adopt' | 'clean' | 'destroy';

/** What one call on one stack has to hand. */
export interface Attempt {
  run: StackRun;
  runs: RunsOfStack;
  /** A run before it was broken off: a lock and a half-made step may be left. */
  broken: boolean;
  /** An `up` before it failed, and none has succeeded since. */
  failed: boolean;
  /** Values that may be in no message. */
  secrets: readonly string[];
}

type Watched<T> = (onEvent: (event: EngineEvent) => void) => Promise<T>;

/** Runs one command. @throws the signal's reason when it was aborted, else OperationFault. */
export async function watched<T>({ run, secrets }: Pick<Attempt, 'run' | 'secrets'>, command: Watched<T>): Promise<T> {
  const diagnostics: string[] = [];
  run.signal.throwIfAborted();
  try {
    return await command((event) => {
      const progress = progressOf(event);
      if (progress) run.onProgress(progress);
      const error = errorOf(event);
      if (error) diagnostics.push(error);
    });
  } catch (error) {
    run.signal.throwIfAborted();
    throw faultOf(error, diagnostics, secrets);
  }
}

/** The stack's outputs after an `up`, nothing after the others. */
export async function step(stack: Stack, attempt: Attempt, kind: EngineStep): Promise<OutputMap> {
  return await watched(attempt, async (onEvent) => {
    const common = { signal: attempt.run.signal, onEvent, showSecrets: false, suppressProgress: true };
    if (kind === 'up') return (await stack.up({ ...common, refresh: true })).outputs;
    if (kind === 'adopt') await stack.up({ ...common, continueOnError: true });
    // No refresh before it: a delete looks for itself, also for parts of what is no longer whole.
    else if (kind === 'destroy') await stack.destroy(common);
    else await stack.refresh({ ...common, clearPendingCreates: true });
    return {};
  });
}

/** The step; a lock that a dead run of ours has left does not keep it. */
export async function unlockedStep(stack: Stack, attempt: Attempt, kind: EngineStep): Promise<OutputMap> {
  return await unlocked(attempt, {
    work: async () => await step(stack, attempt, kind),
    unlock: async () => await watched(attempt, async () => await stack.cancel()),
  });
}

/**
 * The work; and once more when a lock was in its way that a dead run of ours has left, which also makes the attempt one
 * after a broken run. Any other lock stays, and so does the fault.
 */
export async function unlocked<T>(
  attempt: Attempt,
  { work, unlock }: { work(): Promise<T>; unlock(): Promise<void> },
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { run, runs } = attempt;
    const locks = locksNamedIn(isFault(error, 'StackLocked') ? error.cause : error);
    const dead = await Promise.all(locks.map(async (lock) => await isLeftByDeadRun(runs, run.fence, lock)));
    if (locks.length === 0 || dead.includes(false)) throw error;
    run.onProgress('removed the lock that a killed run left');
    await unlock();
    attempt.broken = true;
    return await work();
  }
}
