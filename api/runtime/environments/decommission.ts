import { openDecommission } from '../../../db/decommissions.ts';
import { lockEnvironment } from '../../../db/environments.ts';
import type { OperationRow } from '../../../db/operations.ts';
import { PlatformError } from '../../../domain/errors.ts';
import { mutation } from '../../endpoint.ts';
import { operationPath } from '../../paths.ts';
import { decommissionAnswer, decommissionBody, environmentParams } from '../../shapes/environment.ts';
import { notThere } from '../../tenant-guard.ts';
import { heldEnvironment } from './whole.ts';

export const decommissionEnvironment = mutation({
  route: '/runtime/environments/{environmentId}/decommission',
  scope: 'runtime.environments.write',
  summary: 'Take an environment away, with all that runs in it',
  refuses: ['EnvironmentDecommissioned'],
  input: { params: environmentParams, body: decommissionBody },
  output: { 202: decommissionAnswer },
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { params }) => Promise.resolve(params.environmentId),
  },
  governed: {
    action: 'environments.decommission',
    waits: true,
    question: (_tx, _caller, { params }, environment) => {
      const { region = '', projectId = '', name = '' } = environment ?? {};
      return Promise.resolve({
        stage: environment?.stage ?? 'prod',
        intent: { decommission: params.environmentId },
        facts: { region, projectId, name },
      });
    },
  },
  current: heldEnvironment,
  async run(tx, { tenantId, traceId }, { params, body }) {
    const key = { tenantId, environmentId: params.environmentId };
    const environment = await lockEnvironment(tx, key);
    if (!environment) throw notThere('EnvironmentNotFound');
    if (environment.status === 'Decommissioned') {
      throw new PlatformError('EnvironmentDecommissioned', 'The environment was taken away before.', {
        details: { environmentId: environment.id },
      });
    }
    const { progressDeadlineSeconds } = body;
    const { operation, isNew } = await openDecommission(tx, { ...key, progressDeadlineSeconds, traceId });
    // Asked for again while it is open it is the same one: judged and rung for already.
    return isNew ? { ...answerOf(operation), operation: { id: operation.id, key } } : answerOf(operation);
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
