/**
 * The one pipeline: makes an environment run a snapshot, behind health gates, or goes back to the one before. It begins
 * where its row stands, so that it may be started again after Temporal has lost it.
 */
import { CancellationScope, allHandlersFinished, condition, patched, proxyLocalActivities } from '@temporalio/workflow';
import type { MainActivities } from '../activities/index.ts';
import type { Stopped } from '../activities/stages.ts';
import type { Failure, FailureCode } from '../domain/failures.ts';
import type { Phase } from '../domain/phases.ts';
import { openBell, toItsEnd } from './commands.ts';
import { withDeadline } from './deadline.ts';
import { enter, show, steps, type Run } from './deploy-run.ts';
import { asWorkflowFailure, causeOf } from './failures.ts';
import { showPhase } from './shown-phase.ts';
import type { OperationKey } from '../domain/ids.ts';

const { begin, end } = proxyLocalActivities<MainActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '10s' },
});

/** A look, and no more: what fails is told without it. */
const { explain } = proxyLocalActivities<MainActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 3 },
});
const LATE = 'The deployment had not progressed to its end in time.';
/** Before, a time that was up was told without what was waited for. */
const EXPLAINED = 'explained';

export async function deploy(input: OperationKey): Promise<void> {
  let phase: Phase = 'Provisioning';
  const bell = openBell(input, () => phase);
  try {
    const begun = await begin(input);
    ({ phase } = begun);
    await carryOut({ input, begun, bell, changed: hasChanged(phase), entered: (now) => (phase = now) });
  } finally {
    // Whoever gives a command in the last moment is told what became of it.
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

async function carryOut(run: Run): Promise<void> {
  const { input, begun } = run;
  show(run, 'Preparing', 'Images are resolved, the configuration is read.');
  if (begun.phase === 'RollingBack') throw asWorkflowFailure(await goBack(run, begun.failure ?? UNKNOWN));
  try {
    await withDeadline(begun.forwardUntilMs, () => forward(run), LATE);
  } catch (error) {
    const cause = causeOf(error);
    // Somebody else has ended the row, or works on it: there is nothing left to undo here.
    if (cause.code === 'OperationLost' || cause.code === 'FenceRefused') throw error;
    const told = await CancellationScope.nonCancellable(async () => {
      const failure = patched(EXPLAINED) ? await explain({ ...input, failure: cause }).catch(() => cause) : cause;
      const given = GIVEN_UP[failure.code];
      if (given)
        return hasChanged((await begin(input)).phase) ? await goBack(run, failure) : await giveUp(run, failure, given);
      return run.changed && begun.autoRollback ? await goBack(run, failure) : await giveUp(run, failure, 'Failed');
    });
    throw asWorkflowFailure(told);
  }
}

/** What is given up goes back, whatever was said about failures; until it has touched something it just ends. */
const GIVEN_UP: Partial<Record<FailureCode, Phase>> = {
  OperationAborted: 'Canceled',
  OperationSuperseded: 'Superseded',
};

function hasChanged(phase: Phase): boolean {
  return phase !== 'Provisioning' && phase !== 'Configuring';
}

/** Every way into RollingBack notes its reason; this stands for a row that lost it. */
const UNKNOWN: Failure = {
  code: 'InternalFault',
  message: 'It was going back for a reason that is not known any more.',
};

/** Says what it waits for, when it stops on the way. */
const stepped = <T>(run: Run, phase: () => Promise<T | Stopped>): Promise<T> =>
  toItsEnd(run.bell, phase, ({ waitsFor }) => show(run, 'waits', `It goes on with the Update \`${waitsFor}\`.`));

async function forward(run: Run): Promise<void> {
  const { input, begun } = run;
  const until = begun.forwardUntilMs;
  if (!run.changed) await steps(until, 'resolve images, read configuration, plan').prepare(input);
  run.changed = true;
  if (begun.phase !== 'HealthGating' && begun.phase !== 'Promoting') {
    enter(run, 'RollingOut', 'Components are rolled behind their gates.');
    const table = await stepped(run, () => steps(until, 'roll components behind the gate').rollOut(input));
    showPhase('HealthGating');
    show(run, 'HealthGating', table);
  }
  if (begun.phase !== 'Promoting') {
    await stepped(run, () => steps(until, 'judge everything under all of the traffic').watchGate(input));
    // Not entered yet: it may stop before, and takes commands until its row says so.
    showPhase('Promoting');
  }
  const table = await stepped(run, () => steps(until, 'promote the snapshot, retire what it replaced').promote(input));
  enter(run, 'Completed', table);
}

/** Going back is deploying the previous snapshot over what was touched. Returns what the operation failed of in the end. */
async function goBack(run: Run, failure: Failure): Promise<Failure> {
  const { input, begun } = run;
  enter(run, 'RollingBack', `${failure.message} Going back to the previous release.`);
  try {
    const table = await steps(begun.deadlineMs, 'restore the previous snapshot').goBack({ ...input, failure });
    const told = await end({ ...input, phase: 'RolledBack', failure });
    enter(run, 'RolledBack', `${failure.message}\n\n${table}`);
    return told ?? failure;
  } catch (error) {
    const why = causeOf(error);
    if (why.code === 'OperationLost' || why.code === 'FenceRefused') throw error;
    const both: Failure = { ...failure, message: `${failure.message} Going back failed too: ${why.message}` };
    const told = await end({
      ...input,
      phase: 'RollbackFailed',
      failure: both,
      convergeReason: `${input.operationId} could not go back`,
    });
    enter(run, 'RollbackFailed', both.message);
    return told ?? both;
  }
}

/** Nothing was changed, or the deployment asked to be left as it stands. */
async function giveUp(run: Run, failure: Failure, phase: Phase): Promise<Failure> {
  const told = (await end({ ...run.input, phase, failure })) ?? failure;
  enter(run, phase, told.message);
  return told;
}
