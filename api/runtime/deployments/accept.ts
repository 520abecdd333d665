/** What every way to a new deployment does in the end: an operation, the row, and the answer. */
import type { Tx } from '../../../db/client.ts';
import { noteConcerned } from '../../../db/concerned-services.ts';
import { insertDeployment, type NewDeployment } from '../../../db/deployments.ts';
import { newId } from '../../../db/new-id.ts';
import { acceptOperation, findBusyOperation } from '../../../db/operations.ts';
import type { OnConflict } from '../../../domain/commands.ts';
import { PlatformError } from '../../../domain/errors.ts';
import type { EnvironmentKey } from '../../../domain/ids.ts';
import { rollbackReserveSeconds } from '../../../domain/rollout.ts';
import { deploymentPath, operationPath } from '../../paths.ts';

/** @param serviceIds what it is about, as far as can be said before it is prepared */
export async function acceptDeployment(
  tx: Tx,
  wanted: Omit<NewDeployment, 'id' | 'operationId'>,
  serviceIds: readonly string[],
  onConflict: OnConflict = 'queue',
) {
  const { tenantId, environmentId, traceId, rollout } = wanted;
  const key = { tenantId, environmentId };
  if (onConflict === 'reject') await refuseBeside(tx, key);
  const reserveSeconds = rollbackReserveSeconds(rollout);
  const operation = await acceptOperation(tx, {
    ...key,
    id: newId('op'),
    kind: 'deploy',
    budgetSeconds: rollout.progressDeadlineSeconds + reserveSeconds,
    reserveSeconds,
    onConflict,
    traceId,
  });
  const deployment = await insertDeployment(tx, { ...wanted, id: newId('dep'), operationId: operation.id });
  await noteConcerned(tx, tenantId, operation.id, serviceIds);
  return {
    status: 202 as const,
    headers: { location: deploymentPath(deployment.id), 'operation-location': operationPath(operation.id) },
    body: { deploymentId: deployment.id, environmentId, status: 'Requested' as const, traceId },
    environmentId,
    operation: { id: operation.id, key },
  };
}

/** Whoever calls holds the environment's row lock. @throws PlatformError `OperationInProgress` */
async function refuseBeside(tx: Tx, key: EnvironmentKey): Promise<void> {
  const busy = await findBusyOperation(tx, key);
  if (!busy) return;
  throw new PlatformError('OperationInProgress', 'Another operation is on its way in the environment.', {
    details: { operationId: busy.id, kind: busy.kind, phase: busy.phase },
  });
}
