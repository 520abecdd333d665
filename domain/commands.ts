/**
 * What may be asked of an operation that is on its way, and what comes of it: a pure function of what its row says. The
 * row alone decides; whoever works on the operation looks there.
 */
import type { Failure } from './failures.ts';
import type { OperationKind, Phase } from './phases.ts';

export const COMMANDS = ['pause', 'resume', 'promote', 'abort'] as const;
export type Command = (typeof COMMANDS)[number];

/** What is wanted of an operation: that it goes on, that it stops at the next step, or that it is given up. */
export const WISHES = ['run', 'pause', 'abort'] as const;
export type Wish = (typeof WISHES)[number];

/** What an operation does, when it is accepted, with those that are on their way before it. */
export const ON_CONFLICT = ['queue', 'reject', 'supersede'] as const;
export type OnConflict = (typeof ON_CONFLICT)[number];

/** Whoever waits for a command says for which one: `waitingOn.reference` of a pause. */
export const WAITS_FOR = ['resume', 'promote'] as const;
export type WaitsFor = (typeof WAITS_FOR)[number];

/** An operation, as far as commands are concerned. */
export interface Commanded {
  kind: OperationKind;
  phase: Phase;
  wanted: Wish;
  /** The number of the step that is watched, or waits, under its share of the traffic; null while none does. */
  step: number | null;
}

export type Verdict =
  /** It is so already, or on its way there: nothing changes. */
  | { verdict: 'already' }
  | { verdict: 'wanted'; wanted: Wish }
  /** So many steps are behind it now. */
  | { verdict: 'promoted'; stepsPassed: number }
  /** It had not begun: it ends here. */
  | { verdict: 'canceled' }
  | { verdict: 'refused'; because: string };

/** What becomes of `command`. A pause prolongs no deadline, and what is aborted goes back. */
export function judgeCommand(command: Command, operation: Commanded): Verdict {
  const { kind, phase } = operation;
  if (kind !== 'deploy') return refused(`A ${kind} takes no commands.`);
  switch (phase) {
    case 'Requested':
      return command === 'abort' ? { verdict: 'canceled' } : refused('It has not begun: it can only be aborted.');
    case 'Provisioning':
    case 'Configuring':
    case 'RollingOut':
    case 'HealthGating':
      return judgeForward(command, operation);
    case 'Promoting':
      return refused('It is being promoted: what it replaced goes. A rollback takes it back afterwards.');
    case 'RollingBack':
      return command === 'abort' ? { verdict: 'already' } : refused('It is going back.');
    default:
      return refused(`It has ended: ${phase}.`);
  }
}

function judgeForward(command: Command, { wanted, step }: Commanded): Verdict {
  if (command === 'abort') return wanted === 'abort' ? { verdict: 'already' } : { verdict: 'wanted', wanted: 'abort' };
  if (wanted === 'abort') return refused('It is being aborted.');
  switch (command) {
    case 'pause':
      return wanted === 'pause' ? { verdict: 'already' } : { verdict: 'wanted', wanted: 'pause' };
    case 'resume':
      return wanted === 'run' ? { verdict: 'already' } : { verdict: 'wanted', wanted: 'run' };
    case 'promote':
      if (wanted === 'pause') return refused('It is paused: resume it first.');
      return step === null
        ? refused('No step of it waits: there is nothing to promote now.')
        : { verdict: 'promoted', stepsPassed: step + 1 };
  }
}

/**
 * The step that a deployment is at when whoever works on it has come to `step`: none, when somebody has promoted it past
 * that meanwhile.
 */
export function cameTo(step: number, { stepsPassed }: { stepsPassed: number }): number | null {
  return stepsPassed > step ? null : step;
}

/**
 * Decisions on an approval. They are no commands, and no Updates: while an operation waits for one nobody works on it, and
 * it has no workflow.
 */
export const DECISIONS = ['approve', 'reject'] as const;
export type Decision = (typeof DECISIONS)[number];

/** What becomes of an operation that somebody decides about. */
export function judgeDecision(
  decision: Decision,
  { phase, waitsForApproval }: { phase: Phase; waitsForApproval: boolean },
): 'goesOn' | 'rejected' | 'refused' {
  if (phase !== 'Requested' || !waitsForApproval) return 'refused';
  return decision === 'approve' ? 'goesOn' : 'rejected';
}

function refused(because: string): Verdict {
  return { verdict: 'refused', because };
}

/** What an operation ends with that somebody gave up. */
export function abortedBy(by: string, reason: string | undefined): Failure {
  return { code: 'OperationAborted', message: reason ? `${by} aborted it: ${reason}` : `${by} aborted it.` };
}
