import { findDeploymentByOperation } from '../../../db/deployments.ts';
import { findOperation } from '../../../db/operations.ts';
import { read } from '../../endpoint.ts';
import { deploymentPath, environmentPath } from '../../paths.ts';
import { operationAnswer, operationParams } from '../../shapes/operation.ts';
import { notThere } from '../../tenant-guard.ts';

export const getOperation = read({
  route: '/runtime/operations/{operationId}',
  scope: async (tx, tenantId, { params }) => {
    const row = await findOperation(tx, tenantId, params.operationId);
    return row?.kind === 'deploy' ? 'runtime.deployments.read' : 'runtime.environments.read';
  },
  possibleScopes: ['runtime.environments.read', 'runtime.deployments.read'],
  summary: 'Get the state of an operation',
  input: { params: operationParams },
  output: { 200: operationAnswer },
  target: {
    notFound: 'OperationNotFound',
    locate: async (tx, tenantId, { params }) =>
      (await findOperation(tx, tenantId, params.operationId))?.environmentId ?? null,
  },
  run: ({ db }, { tenantId }, { params }) =>
    db.forTenant(tenantId, async (tx) => {
      const row = await findOperation(tx, tenantId, params.operationId);
      if (!row) throw notThere('OperationNotFound');
      const deployment = await findDeploymentByOperation(tx, tenantId, row.id);
      return {
        status: 200,
        body: {
          operationId: row.id,
          environmentId: row.environmentId,
          kind: row.kind,
          status: row.status,
          phase: row.phase,
          resource: deployment ? deploymentPath(deployment.id) : environmentPath(row.environmentId),
          failure: row.failure,
          waitingOn: row.waitingOn,
          deadlineAt: row.deadlineAt.toISOString(),
          acceptedAt: row.acceptedAt.toISOString(),
          startedAt: row.startedAt?.toISOString() ?? null,
          endedAt: row.endedAt?.toISOString() ?? null,
          traceId: row.traceId,
        },
      };
    }),
});
