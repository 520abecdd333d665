/**
 * Takes an environment away: its services, traffic first, then its stack. It has ended well only when a look finds
 * nothing; else it says what is left, and another one goes on from there.
 */
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
import type { Begun } from '../activities/operation.ts';
import type { Failure } from '../domain/failures.ts';
import type { OperationKey } from '../domain/ids.ts';
import { STOP_MS, withDeadline } from './deadline.ts';
import { asWorkflowFailure, causeOf } from './failures.ts';
import { attributes } from './messages.ts';
import { stacksQueue } from './queues.ts';

const { begin, end } = proxyLocalActivities<MainActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '10s' },
});

/** By time, not by count: a target or a cloud that is away may come back. What was cancelled is waited for. */
const steps = (begun: Begun, summary: string) =>
  ({
    scheduleToCloseTimeout: Math.max(0, begun.forwardUntilMs - Date.now()) + STOP_MS,
    heartbeatTimeout: '10s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumInterval: '10s' },
    summary,
  }) as const;

export async function decommission(input: OperationKey): Promise<void> {
  const begun = await begin(input);
  try {
    await withDeadline(
      begun.forwardUntilMs,
      () => takeAway(input, begun),
      'The environment was not taken away in time.',
    );
    upsertSearchAttributes([{ key: attributes.phase, value: 'Completed' }]);
    show(begun, 'Nothing is left of the environment.');
  } catch (error) {
    const failure = causeOf(error);
    if (failure.code === 'OperationLost' || failure.code === 'FenceRefused') throw error;
    const told = await CancellationScope.nonCancellable(() => block(input, begun, failure));
    throw asWorkflowFailure(told);
  }
}

async function takeAway(input: OperationKey, begun: Begun): Promise<void> {
  show(begun, 'Services leave their routes, are drained and stopped.');
  const { retireServices } = proxyActivities<MainActivities>(steps(begun, 'retire every service'));
  await retireServices(input);
  show(begun, 'Pulumi takes the stack away.');
  const { decommissionStack } = proxyActivities<StacksActivities>({
    ...steps(begun, 'Pulumi destroy, then a look at what is left'),
    taskQueue: stacksQueue(workflowInfo().taskQueue),
  });
  await decommissionStack(input);
}

/** Ends the row with what is left; without the list when that look cannot be had in time. */
async function block(input: OperationKey, begun: Begun, failure: Failure): Promise<Failure> {
  const { endBlocked } = proxyActivities<StacksActivities>({
    taskQueue: stacksQueue(workflowInfo().taskQueue),
    // Two looks, and a transaction. Until the deadline there is time for more than one of them.
    startToCloseTimeout: '20s',
    heartbeatTimeout: '10s',
    scheduleToCloseTimeout: Math.max(1_000, begun.deadlineMs - STOP_MS - Date.now()),
    retry: { maximumInterval: '10s' },
    summary: 'look at what is left',
  });
  const told = await endBlocked({ ...input, failure }).catch(
    async () => (await end({ ...input, phase: 'Failed', failure })) ?? failure,
  );
  upsertSearchAttributes([{ key: attributes.phase, value: 'Failed' }]);
  const left = (told.leftovers ?? []).map(({ kind, name }) => `- ${kind} ${name}`);
  show(begun, [`Blocked: ${told.message}`, ...left].join('\n'));
  return told;
}

function show({ summary }: Begun, text: string): void {
  setCurrentDetails(`**${summary}**\n\n${text}`);
}
