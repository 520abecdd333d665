/** Provisions an environment: its stack is brought up. What a failed one made, the lane takes away afterwards. */
import {
  ActivityCancellationType,
  CancellationScope,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { MainActivities, StacksActivities } from '../activities/index.ts';
import { asWorkflowFailure, causeOf } from './failures.ts';
import { STOP_MS, withDeadline } from './deadline.ts';
import type { OperationKey } from '../domain/ids.ts';
import { attributes } from './messages.ts';
import { stacksQueue } from './queues.ts';

const { begin, end } = proxyLocalActivities<MainActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '10s' },
});

export async function provision(input: OperationKey): Promise<void> {
  const begun = await begin(input);
  setCurrentDetails(`**${begun.summary}**\n\nPulumi brings the stack up.`);
  const { provisionStack } = proxyActivities<StacksActivities>({
    taskQueue: stacksQueue(workflowInfo().taskQueue),
    // By time, not by count: a stack that is locked or a cloud that is away may come back.
    scheduleToCloseTimeout: Math.max(0, begun.forwardUntilMs - Date.now()) + STOP_MS,
    heartbeatTimeout: '10s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumInterval: '10s' },
    summary: 'Pulumi up',
  });
  try {
    await withDeadline(
      begun.forwardUntilMs,
      () => provisionStack(input),
      'The environment was not provisioned in time.',
    );
    upsertSearchAttributes([{ key: attributes.phase, value: 'Completed' }]);
    setCurrentDetails(`**${begun.summary}**\n\nThe environment is ready.`);
  } catch (error) {
    const failure = causeOf(error);
    if (failure.code === 'OperationLost' || failure.code === 'FenceRefused') throw error;
    const told = await CancellationScope.nonCancellable(async () => {
      const convergeReason = `${input.operationId} failed: ${failure.code}`;
      const ended = (await end({ ...input, phase: 'Failed', failure, convergeReason })) ?? failure;
      upsertSearchAttributes([{ key: attributes.phase, value: 'Failed' }]);
      setCurrentDetails(`**${begun.summary}**\n\nFailed: ${ended.message} What it made is taken away.`);
      return ended;
    });
    throw asWorkflowFailure(told);
  }
}
