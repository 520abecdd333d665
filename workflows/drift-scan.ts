/** Looks for drift in an environment, in its turn, so that nothing else changes it meanwhile. */
import {
  ActivityCancellationType,
  CancellationScope,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { MainActivities, StacksActivities } from '../activities/index.ts';
import type { OperationKey } from '../domain/ids.ts';
import { STOP_MS, withDeadline } from './deadline.ts';
import { asWorkflowFailure, causeOf } from './failures.ts';
import { stacksQueue } from './queues.ts';
import { showPhase } from './shown-phase.ts';

const { begin, end } = proxyLocalActivities<MainActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '10s' },
});

export async function driftScan(input: OperationKey): Promise<void> {
  const begun = await begin(input);
  setCurrentDetails(`**${begun.summary}**\n\nThe live release is compared with what runs.`);
  const { scanForDrift } = proxyActivities<StacksActivities>({
    taskQueue: stacksQueue(workflowInfo().taskQueue),
    // By time, not by count: a target that is away may come back until then.
    scheduleToCloseTimeout: Math.max(0, begun.forwardUntilMs - Date.now()) + STOP_MS,
    heartbeatTimeout: '10s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumInterval: '10s' },
    summary: 'compare what runs, twice, and preview the stack',
  });
  try {
    await withDeadline(begun.forwardUntilMs, () => scanForDrift(input), 'The scan was not through in time.');
    showPhase('Completed');
    setCurrentDetails(`**${begun.summary}**\n\nThe findings are written down.`);
  } catch (error) {
    const failure = causeOf(error);
    if (failure.code === 'OperationLost' || failure.code === 'FenceRefused') throw error;
    const told = await CancellationScope.nonCancellable(() => end({ ...input, phase: 'Failed', failure }));
    showPhase('Failed');
    throw asWorkflowFailure(told ?? failure);
  }
}
