/**
 * The one pipeline: makes an environment run a snapshot, behind health gates, or goes back to the one before. It begins
 * where its row stands, so that it may be started again after Temporal has lost it.
 */
import {
  ActivityCancellationType,
  CancellationScope,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { MainActivities } from '../activities/index.ts';
import type { Begun } from '../activities/operation.ts';
import type { Failure } from '../domain/failures.ts';
import type { Phase } from '../domain/phases.ts';
import { STOP_MS, withDeadline } from './deadline.ts';
import { asWorkflowFailure, causeOf } from './failures.ts';
import type { OperationKey } from '../domain/ids.ts';
import { attributes } from './messages.ts';

const { begin, end } = proxyLocalActivities<MainActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '10s' },
});

/** Bound by time, not by count; a step that was cancelled is waited for, the fence holds it when it does not listen. */
const steps = (untilMs: number, summary: string) =>
  proxyActivities<MainActivities>({
    scheduleToCloseTimeout: Math.max(0, untilMs - Date.now()) + STOP_MS,
    heartbeatTimeout: '10s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumInterval: '10s' },
    summary,
  });

export async function deploy(input: OperationKey): Promise<void> {
  const begun = await begin(input);
  const run = { input, begun, changed: begun.phase !== 'Provisioning' && begun.phase !== 'Configuring' };
  show(run, 'Preparing', 'Images are resolved, the configuration is read.');
  if (begun.phase === 'RollingBack') throw asWorkflowFailure(await goBack(run, begun.failure ?? UNKNOWN));
  try {
    await withDeadline(begun.forwardUntilMs, () => forward(run));
  } catch (error) {
    const failure = causeOf(error);
    // Somebody else has ended the row, or works on it: there is nothing left to undo here.
    if (failure.code === 'OperationLost' || failure.code === 'FenceRefused') throw error;
    const told = await CancellationScope.nonCancellable(() =>
      run.changed && begun.autoRollback ? goBack(run, failure) : giveUp(run, failure),
    );
    throw asWorkflowFailure(told);
  }
}

/** Every way into RollingBack notes its reason; this stands for a row that lost it. */
const UNKNOWN: Failure = {
  code: 'InternalFault',
  message: 'It was going back for a reason that is not known any more.',
};

interface Run {
  input: OperationKey;
  begun: Begun;
  /** Whether anything that runs may have been touched. */
  changed: boolean;
}

async function forward(run: Run): Promise<void> {
  const { input, begun } = run;
  const until = begun.forwardUntilMs;
  if (!run.changed) await steps(until, 'resolve images, read configuration, plan').prepare(input);
  run.changed = true;
  if (begun.phase !== 'HealthGating' && begun.phase !== 'Promoting') {
    enter(run, 'RollingOut', 'Components are rolled behind their gates.');
    const table = await steps(until, 'roll components behind the gate').rollOut(input);
    show(run, 'HealthGating', table);
  }
  if (begun.phase !== 'Promoting') await steps(until, 'judge everything under all of the traffic').watchGate(input);
  const table = await steps(until, 'promote the snapshot, retire what it replaced').promote(input);
  enter(run, 'Completed', table);
}

/** Going back is deploying the previous snapshot over what was touched. Returns what the operation failed of in the end. */
async function goBack(run: Run, failure: Failure): Promise<Failure> {
  const { input, begun } = run;
  enter(run, 'RollingBack', `${failure.message} Going back to the previous release.`);
  try {
    const table = await steps(begun.deadlineMs, 'restore the previous snapshot').goBack({ ...input, failure });
    await end({ ...input, phase: 'RolledBack', failure });
    enter(run, 'RolledBack', `${failure.message}\n\n${table}`);
    return failure;
  } catch (error) {
    const why = causeOf(error);
    if (why.code === 'OperationLost' || why.code === 'FenceRefused') throw error;
    const both: Failure = { ...failure, message: `${failure.message} Going back failed too: ${why.message}` };
    await end({
      ...input,
      phase: 'RollbackFailed',
      failure: both,
      convergeReason: `${input.operationId} could not go back`,
    });
    enter(run, 'RollbackFailed', both.message);
    return both;
  }
}

/** Nothing was changed, or the deployment asked to be left as it stands. */
async function giveUp(run: Run, failure: Failure): Promise<Failure> {
  await end({ ...run.input, phase: 'Failed', failure });
  enter(run, 'Failed', failure.message);
  return failure;
}

/** What operators search by and read; upserts cost an event each, so only where the meaning changes. */
function enter(run: Run, phase: Phase, text: string): void {
  upsertSearchAttributes([{ key: attributes.phase, value: phase }]);
  show(run, phase, text);
}

function show({ begun }: Run, phase: string, text: string): void {
  setCurrentDetails(`**${begun.summary}** · ${phase}\n\n${text}`);
}
