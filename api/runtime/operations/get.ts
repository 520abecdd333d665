import { findDeploymentByOperation } from '../../../db/deployments.ts';
import { findOperation } from '../../../db/operations.ts';
import { read } from '../../endpoint.ts';
import { operationAnswer, operationParams } from '../../shapes/operation.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderOperation } from './render.ts';
import { OPERATION_SCOPES, scopeOfKind } from './scope.ts';

export const getOperation = read({
  route: '/runtime/operations/{operationId}',
  scope: async (tx, tenantId, { params }) => {
    const row = await findOperation(tx, tenantId, params.operationId);
    return scopeOfKind(row?.kind ?? 'provision');
  },
  possibleScopes: OPERATION_SCOPES,
  summary: 'Get the state of an operation',
  input: { params: operationParams },
  output: { 200: operationAnswer },
  target: {
    notFound: 'OperationNotFound',
    locate: async (tx, tenantId, { params }) =>
      (await findOperation(tx, tenantId, params.operationId))?.environmentId ?? null,
  },
  async run(tx, { tenantId }, { params }) {
    const row = await findOperation(tx, tenantId, params.operationId);
    if (!row) throw notThere('OperationNotFound');
    const deployment = await findDeploymentByOperation(tx, tenantId, row.id);
    return { status: 200 as const, body: renderOperation(row, deployment?.id) };
  },
});
