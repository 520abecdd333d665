import type { z } from 'zod';
import type { DeploymentRow } from '../../../db/deployments.ts';
import type { DeploymentWithOperation } from '../../../db/lists.ts';
import type { OperationRow } from '../../../db/operations.ts';
import type { DeploymentPhase } from '../../../domain/phases.ts';
import type { deploymentSummary } from '../../shapes/deployment.ts';
import { waitingOnOf } from '../operations/waiting-on.ts';

/** A deployment without its components and what happened. */
export function renderDeployment(row: DeploymentRow, operation: OperationRow): z.input<typeof deploymentSummary> {
  return {
    deploymentId: row.id,
    environmentId: row.environmentId,
    operationId: row.operationId,
    // No deployment goes through the phases of other kinds.
    status: operation.phase as DeploymentPhase,
    releaseRef: row.releaseRef,
    strategy: row.strategy,
    rollout: { ...row.rollout },
    steps: row.steps,
    stepsPassed: row.stepsPassed,
    step: row.step,
    wanted: operation.wanted,
    prune: row.prune,
    configurationId: row.configurationId,
    rollbackOf: row.rollbackOf,
    restartOf: row.restartOf,
    fromDeploymentId: row.fromDeploymentId,
    waitingOn: waitingOnOf(operation),
    failure: operation.failure,
    deadlineAt: operation.deadlineAt.toISOString(),
    createdAt: row.createdAt.toISOString(),
    startedAt: operation.startedAt?.toISOString() ?? null,
    endedAt: operation.endedAt?.toISOString() ?? null,
    traceId: row.traceId,
  };
}

export function renderSummary({ deployment, operation }: DeploymentWithOperation): z.input<typeof deploymentSummary> {
  return renderDeployment(deployment, operation);
}
