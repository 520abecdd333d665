/**
 * How a workflow hears of commands. The row decides them; an Update is the doorbell, and for an operator at the Temporal UI
 * or CLI the way to give one.
 */
import { condition, currentUpdateInfo, proxyLocalActivities, setHandler } from '@temporalio/workflow';
import type { MainActivities } from '../activities/index.ts';
import type { Heard } from '../activities/command.ts';
import type { Stopped } from '../activities/stages.ts';
import { COMMANDS, judgeCommand } from '../domain/commands.ts';
import type { OperationKey } from '../domain/ids.ts';
import type { Phase } from '../domain/phases.ts';
import { asWorkflowFailure, causeOf } from './failures.ts';
import { commands, type Told } from './messages.ts';

const { hearCommand } = proxyLocalActivities<MainActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '10s' },
});

export interface Bell {
  /** How often it has rung. */
  readonly rung: number;
  /** Waits until it has rung more often than that. */
  next(rung: number): Promise<void>;
}

/** A phase that is stopped goes on when a command comes: it finds in the row which one that was. */
export async function toItsEnd<T>(
  bell: Bell,
  phase: () => Promise<T | Stopped>,
  waits: (stopped: Stopped) => void,
): Promise<T> {
  for (;;) {
    const { rung } = bell;
    const ended = await phase();
    if (!isStopped(ended)) return ended;
    waits(ended);
    await bell.next(rung);
  }
}

function isStopped(ended: unknown): ended is Stopped {
  return typeof ended === 'object' && ended !== null && 'waitsFor' in ended;
}

/** @param phaseOf the phase that the workflow itself knows of */
export function openBell(input: OperationKey, phaseOf: () => Phase): Bell {
  let rung = 0;
  for (const command of COMMANDS) {
    setHandler(
      commands[command],
      async ({ commandId, reason }: Told = {}): Promise<Heard> => {
        const { id: updateId = '' } = currentUpdateInfo() ?? {};
        try {
          return await hearCommand({ ...input, command, commandId, reason, updateId });
        } catch (error) {
          // As a failure of its own, whose type and details reach whoever gave it.
          throw asWorkflowFailure(causeOf(error));
        } finally {
          rung += 1;
        }
      },
      {
        // What the row has taken already is not judged again; a step is taken to wait: only the row knows.
        validator: ({ commandId }: Told = {}) => {
          if (commandId) return;
          const verdict = judgeCommand(command, { kind: 'deploy', phase: phaseOf(), wanted: 'run', step: 0 });
          if (verdict.verdict === 'refused')
            throw asWorkflowFailure({ code: 'CommandRefused', message: verdict.because });
        },
        description: DESCRIPTIONS[command],
      },
    );
  }
  return {
    get rung() {
      return rung;
    },
    next: (before) => condition(() => rung > before),
  };
}

const DESCRIPTIONS = {
  pause: 'Stop at the next step.',
  resume: 'Go on after a pause.',
  promote: 'Go past the step that it is at, now.',
  abort: 'Give it up, and go back to what ran before. Takes {"reason": "…"}.',
};
