import { newId } from '../../../db/new-id.ts';
import { acceptOperation, findOpenOperation, type OperationRow } from '../../../db/operations.ts';
import { mutation } from '../../endpoint.ts';
import { operationPath } from '../../paths.ts';
import { scanAnswer, scanBody } from '../../shapes/drift.ts';
import { environmentParams } from '../../shapes/environment.ts';
import { lockForWork } from '../deployments/checks.ts';

/** A look takes seconds; what it waits for when the target or the stack is away, this long. */
const BUDGET_SECONDS = 120;
const RESERVE_SECONDS = 10;

/** Waits its turn, so that it never sees a deployment half way. It changes nothing, and is not governed. */
export const scanDrift = mutation({
  route: '/runtime/drift/{environmentId}/scan',
  scope: 'runtime.drift.write',
  summary: 'Compare what runs in an environment with its live release',
  refuses: ['EnvironmentNotReady'],
  input: { params: environmentParams, body: scanBody },
  output: { 202: scanAnswer },
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { params }) => Promise.resolve(params.environmentId),
  },
  async run(tx, { tenantId, traceId }, { params: { environmentId } }) {
    const key = { tenantId, environmentId };
    await lockForWork(tx, key);
    const before = await findOpenOperation(tx, key, 'driftScan');
    // One that has not begun yet will see all that this one would.
    if (before?.status === 'Accepted') return answerOf(before);
    const operation = await acceptOperation(tx, {
      ...key,
      id: newId('op'),
      kind: 'driftScan',
      budgetSeconds: BUDGET_SECONDS,
      reserveSeconds: RESERVE_SECONDS,
      traceId,
    });
    return { ...answerOf(operation), operation: { id: operation.id, key } };
  },
});

function answerOf({ id, environmentId, status, traceId }: OperationRow) {
  const path = operationPath(id);
  return {
    status: 202 as const,
    headers: { location: path, 'operation-location': path },
    body: { environmentId, operationId: id, status, traceId },
    environmentId,
  };
}
