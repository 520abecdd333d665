/** What every way to a new deployment does in the end: an operation, the row, and the answer. */
import type { Tx } from '../../../db/client.ts';
import { noteConcerned } from '../../../db/concerned-services.ts';
import { insertDeployment, type NewDeployment } from '../../../db/deployments.ts';
import { newId } from '../../../db/new-id.ts';
import { acceptOperation } from '../../../db/operations.ts';
import { rollbackReserveSeconds } from '../../../domain/rollout.ts';
import { deploymentPath, operationPath } from '../../paths.ts';

/** @param serviceIds what it is about, as far as can be said before it is prepared */
export async function acceptDeployment(
  tx: Tx,
  wanted: Omit<NewDeployment, 'id' | 'operationId'>,
  serviceIds: readonly string[],
) {
  const { tenantId, environmentId, traceId, rollout } = wanted;
  const key = { tenantId, environmentId };
  const reserveSeconds = rollbackReserveSeconds(rollout);
  const operation = await acceptOperation(tx, {
    ...key,
    id: newId('op'),
    kind: 'deploy',
    budgetSeconds: rollout.progressDeadlineSeconds + reserveSeconds,
    reserveSeconds,
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
