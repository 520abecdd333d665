/** What the lane asks for: the next piece of work, and the truth about a child that somebody else ended. */
import { Context } from '@temporalio/activity';
import type { Database } from '../db/client.ts';
import { takeNext, type LaneWork } from '../db/lane.ts';
import { endOperation, findOperation } from '../db/operations.ts';
import { findDeploymentByOperation } from '../db/deployments.ts';
import { findEnvironment } from '../db/environments.ts';
import type { Failure } from '../domain/failures.ts';
import type { EnvironmentKey, OperationId, OperationKey } from '../domain/ids.ts';
import type { Convergence, OperationKind, Phase } from '../domain/phases.ts';
import { tellable } from '../domain/tellable.ts';
import type { Governance } from '../providers/governance/port.ts';
import type { StackEngine } from '../providers/stacks/port.ts';
import { completionOf } from './completion.ts';
import { rethrow } from './failures.ts';
import { judgeAgain } from './judge.ts';
import { summaryOf } from './operation.ts';

export type NextWork =
  | { kind: 'idle' }
  | { kind: 'converge'; what: Convergence }
  | {
      kind: 'run';
      operationId: OperationId;
      operationKind: OperationKind;
      phase: Phase;
      stage: string;
      /** One line for operators, e.g. `deploy release-2026.6.11 to booking-prod-weu`. */
      summary: string;
      /** What the server allows the child's execution, ms; 0 or less when the deadline has passed. */
      remainingMs: number;
    };

/** How a workflow execution ended, as only a client can see it. */
export type Outcome =
  | { kind: 'completed' }
  | { kind: 'terminated'; reason: string }
  | { kind: 'canceled' }
  | { kind: 'timedOut' }
  /** `failure` when it failed on purpose, with a code. */
  | { kind: 'failed'; failure: Failure | null }
  /** Temporal knows no such workflow. */
  | { kind: 'missing' };

/** Waits until the operation's workflow has ended. */
export type AwaitOutcome = (operationId: OperationId, signal: AbortSignal) => Promise<Outcome>;

/** The server ends a child this long after its own deadline, when it has not done so itself. */
const EXECUTION_GRACE_MS = 30_000;

/** A turn of the lane is short: what is not judged by then waits for the next one. */
const JUDGING_MS = 4_000;

export function laneActivities(
  db: Database,
  governance: Governance,
  stacks: Pick<StackEngine, 'outputs'>,
  awaitOutcome: AwaitOutcome,
) {
  return {
    async takeNext(key: EnvironmentKey): Promise<NextWork> {
      try {
        const work = await takeJudged(db, governance, key);
        if (work.kind !== 'run') return work;
        return await db.forTenant(key.tenantId, async (tx) => {
          const environment = await findEnvironment(tx, key);
          const deployment = await findDeploymentByOperation(tx, key.tenantId, work.operation.id);
          return {
            kind: 'run',
            operationId: work.operation.id,
            operationKind: work.operation.kind,
            phase: work.operation.phase,
            stage: environment?.stage ?? '',
            summary: summaryOf(work.operation.kind, deployment, environment),
            remainingMs: work.operation.deadlineAt.getTime() + EXECUTION_GRACE_MS - Date.now(),
          };
        });
      } catch (error) {
        return rethrow(error);
      }
    },

    /**
     * Waits for the operation's workflow to be closed and sees to it that its row is too: a terminated, timed-out or lost
     * workflow ran no undo, so the row ends with that reason and the environment is marked to be converged. One that was
     * completed while its row is open was forgotten by a database that was restored: what stands, or is gone, stays so.
     */
    async settle(input: OperationKey): Promise<void> {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 1_000);
      try {
        const outcome = await awaitOutcome(input.operationId, context.cancellationSignal);
        if (outcome.kind === 'missing') return;
        const complete = outcome.kind === 'completed' ? await completionOf(db, stacks, input) : null;
        await db.forTenant(input.tenantId, async (tx) => {
          const operation = await findOperation(tx, input.tenantId, input.operationId);
          if (!operation) return;
          if (complete) {
            await complete(tx);
            await endOperation(tx, input, input.operationId, { phase: 'Completed' });
            return;
          }
          await endOperation(tx, input, input.operationId, {
            phase: operation.phase === 'RollingBack' ? 'RollbackFailed' : 'Failed',
            failure: failureOfOutcome(outcome),
            convergeReason: `${input.operationId} was ${outcome.kind} in ${operation.phase}`,
          });
        });
      } catch (error) {
        rethrow(error);
      } finally {
        clearInterval(beat);
      }
    },
  };
}

/** The next piece of work that governance has judged as it stands now. */
async function takeJudged(
  db: Database,
  governance: Governance,
  key: EnvironmentKey,
): Promise<Exclude<LaneWork, { kind: 'judge' }>> {
  const until = Date.now() + JUDGING_MS;
  const passedOver: OperationId[] = [];
  for (;;) {
    const work = await db.forTenant(key.tenantId, (tx) => takeNext(tx, key, passedOver));
    if (work.kind !== 'judge') return work;
    const isDecided = Date.now() < until && (await judgeAgain(db, governance, work));
    if (!isDecided) passedOver.push(work.operation.id);
  }
}

function failureOfOutcome(outcome: Exclude<Outcome, { kind: 'missing' }>): Failure {
  switch (outcome.kind) {
    case 'terminated':
      return {
        code: 'OperationTerminated',
        message: tellable(outcome.reason) || 'The workflow was terminated without a reason.',
      };
    case 'canceled':
      return { code: 'OperationCanceled', message: 'The workflow was canceled.' };
    case 'timedOut':
      return { code: 'DeadlineExceeded', message: 'The operation had not ended by its deadline.' };
    case 'failed':
      return outcome.failure ?? { code: 'InternalFault', message: 'The workflow failed inside the platform.' };
    case 'completed':
      return { code: 'InternalFault', message: 'The workflow ended without ending its operation.' };
  }
}
