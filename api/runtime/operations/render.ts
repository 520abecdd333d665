import type { z } from 'zod';
import type { OperationRow } from '../../../db/operations.ts';
import type { DeploymentId } from '../../../domain/ids.ts';
import { deploymentPath, environmentPath } from '../../paths.ts';
import type { operationAnswer } from '../../shapes/operation.ts';
import { waitingOnOf } from './waiting-on.ts';

/** @param deploymentId the deployment that this operation carries out, when it is one */
export function renderOperation(
  row: OperationRow,
  deploymentId: DeploymentId | undefined,
): z.input<typeof operationAnswer> {
  return {
    operationId: row.id,
    environmentId: row.environmentId,
    kind: row.kind,
    status: row.status,
    phase: row.phase,
    resource: deploymentId ? deploymentPath(deploymentId) : environmentPath(row.environmentId),
    failure: row.failure,
    waitingOn: waitingOnOf(row),
    deadlineAt: row.deadlineAt.toISOString(),
    acceptedAt: row.acceptedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    traceId: row.traceId,
  };
}
