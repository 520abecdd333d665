/**
 * One environment's lane: while there is work it takes the next piece, runs it as a child, and goes on when that has
 * ended. It holds no state; Postgres says what is next.
 */
import { ChildWorkflowFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ParentClosePolicy,
  WorkflowIdReusePolicy,
  continueAsNew,
  executeChild,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { MainActivities, StacksActivities } from '../activities/index.ts';
import type { NextWork } from '../activities/lane.ts';
import type { Convergence } from '../domain/phases.ts';
import { FAILURE_CLASSES } from '../domain/failures.ts';
import { operationWorkflowId, type EnvironmentKey } from '../domain/ids.ts';
import { decommission } from './decommission.ts';
import { driftScan } from './drift-scan.ts';
import { deploy } from './deploy.ts';
import { causeOf } from './failures.ts';
import { bell, operationAttributes } from './messages.ts';
import { provision } from './provision.ts';
import { stacksQueue } from './queues.ts';

const { takeNext, abandonConvergence } = proxyLocalActivities<MainActivities>({
  // Postgres may be away for a while; the lane has nothing else to do meanwhile.
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '10s' },
});

const { settle } = proxyActivities<MainActivities>({
  // Waits for a child as long as that may run; the child's own execution timeout bounds it.
  startToCloseTimeout: '24h',
  heartbeatTimeout: '10s',
  retry: { maximumInterval: '10s' },
});

const CONVERGE = {
  // As long as an ordinary deployment; after that the next operation has its turn.
  scheduleToCloseTimeout: '10m',
  heartbeatTimeout: '10s',
  retry: { maximumInterval: '10s' },
} as const;
const { convergeServices } = proxyActivities<MainActivities>(CONVERGE);

const CHILDREN = { provision, deploy, decommission, driftScan };

export async function lane(key: EnvironmentKey): Promise<void> {
  let rung = true;
  setHandler(bell, () => {
    rung = true;
  });
  // A ring that comes while the lane finds nothing means: look again.
  while (rung) {
    rung = false;
    for (let work = await takeNext(key); work.kind !== 'idle'; work = await takeNext(key)) {
      if (work.kind === 'run') await run(key, work);
      else await converge(key, work.what);
      // Only here, with no child open: a child does not follow its parent into the next run.
      if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof lane>(key);
    }
  }
}

type Run = Extract<NextWork, { kind: 'run' }>;

async function run(key: EnvironmentKey, work: Run): Promise<void> {
  const input = { ...key, operationId: work.operationId };
  try {
    await executeChild(CHILDREN[work.operationKind], {
      workflowId: operationWorkflowId(work.operationId),
      args: [input],
      // The lane may end or be terminated; the operation goes on, and the next lane adopts it.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      // The server ends what has not ended itself by then.
      workflowExecutionTimeout: Math.max(work.remainingMs, 1_000),
      workflowTaskTimeout: '5s',
      typedSearchAttributes: operationAttributes(input, {
        kind: work.operationKind,
        phase: work.phase,
        stage: work.stage,
      }),
      staticSummary: work.summary,
    });
  } catch (error) {
    // It ended its row and then failed for operators to see, somebody else had started it, or it was ended from outside.
    // Only the workflow itself and its row can tell.
    if (!isExpected(error)) throw error;
    await settle(input);
  }
}

function isExpected(error: unknown): boolean {
  return error instanceof ChildWorkflowFailure || error instanceof WorkflowExecutionAlreadyStartedError;
}

async function converge(key: EnvironmentKey, what: Convergence): Promise<void> {
  const { removeStack } = proxyActivities<StacksActivities>({
    ...CONVERGE,
    taskQueue: stacksQueue(workflowInfo().taskQueue),
  });
  try {
    await (what === 'stack' ? removeStack(key) : convergeServices(key));
  } catch (error) {
    const failure = causeOf(error);
    // While the target is away nothing else could be done either: the lane comes back to it. A stack that cannot be taken
    // away, or a defect, is given up, so that the environment is not blocked for ever.
    if (what === 'services' && FAILURE_CLASSES[failure.code] === 'platform') return;
    await abandonConvergence({ ...key, what, reason: failure.message, failure });
  }
}
