/** The first and last step of every operation: read its row, end its row. Short, so they run as local activities. */
import type { Database } from '../db/client.ts';
import { findDeploymentByOperation } from '../db/deployments.ts';
import { findEnvironment } from '../db/environments.ts';
import { endOperation, findOperation } from '../db/operations.ts';
import type { Failure } from '../domain/failures.ts';
import type { OperationKey } from '../domain/ids.ts';
import { isTerminalPhase, type OperationKind, type Phase } from '../domain/phases.ts';
import { operationLost, rethrow } from './failures.ts';

export interface Begun {
  phase: Phase;
  /** Why it goes back, when it was lost while it did. */
  failure: Failure | null;
  /** Until forward work has to end, and until everything has to, ms since the epoch. */
  forwardUntilMs: number;
  deadlineMs: number;
  autoRollback: boolean;
  /** One line for operators, e.g. `deploy release-2026.6.11 to booking-prod-weu`. */
  summary: string;
}

export interface EndInput extends OperationKey {
  phase: Phase;
  failure?: Failure;
  convergeReason?: string;
}

export function operationActivities(db: Database) {
  return {
    /** What a workflow needs to know of its operation. @throws OperationLost when it has ended. */
    async begin(input: OperationKey): Promise<Begun> {
      try {
        return await db.forTenant(input.tenantId, async (tx) => {
          const operation = await findOperation(tx, input.tenantId, input.operationId);
          const environment = await findEnvironment(tx, input);
          if (!operation || !environment || isTerminalPhase(operation.phase)) throw operationLost(input.operationId);
          const deployment = await findDeploymentByOperation(tx, input.tenantId, input.operationId);
          const deadlineMs = operation.deadlineAt.getTime();
          return {
            phase: operation.phase,
            failure: operation.failure,
            forwardUntilMs: deadlineMs - operation.reserveSeconds * 1000,
            deadlineMs,
            autoRollback: deployment?.rollout.autoRollback ?? true,
            summary: summaryOf(operation.kind, deployment, environment),
          };
        });
      } catch (error) {
        return rethrow(error);
      }
    },

    /**
     * Ends the operation's row. Repeated, or after somebody else ended it, it changes nothing.
     *
     * @returns what the row says it failed of
     */
    async end({ phase, failure, convergeReason, ...input }: EndInput): Promise<Failure | null> {
      try {
        return await db.forTenant(input.tenantId, async (tx) => {
          const ended = await endOperation(tx, input, input.operationId, { phase, failure, convergeReason });
          const operation = await findOperation(tx, input.tenantId, input.operationId);
          if (!ended && operation && !isTerminalPhase(operation.phase)) throw operationLost(input.operationId);
          return operation?.failure ?? null;
        });
      } catch (error) {
        return rethrow(error);
      }
    },
  };
}

/** What operators read first of an operation. */
export function summaryOf(
  kind: OperationKind,
  deployment: { releaseRef: string; restartOf: string | null } | null,
  environment: { name: string } | null,
): string {
  const name = environment?.name ?? 'an unknown environment';
  if (!deployment) return `${kind} ${name}`;
  const { releaseRef, restartOf } = deployment;
  return restartOf === null ? `${kind} ${releaseRef} to ${name}` : `restart ${restartOf} in ${name}`;
}
