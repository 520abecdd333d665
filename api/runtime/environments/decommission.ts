import { lockEnvironment } from '../../../db/environments.ts';
import { newId } from '../../../db/new-id.ts';
import { acceptOperation, findOpenOperation } from '../../../db/operations.ts';
import { PlatformError } from '../../../domain/errors.ts';
import { mutation } from '../../endpoint.ts';
import { operationPath } from '../../paths.ts';
import { decommissionAnswer, decommissionBody, environmentParams } from '../../shapes/environment.ts';
import { notThere } from '../../tenant-guard.ts';

/** Kept for a last look at what is left. */
const RESERVE_SECONDS = 60;

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
    question: (_tx, _caller, { params }, environment) => {
      const { region = '', projectId = '', name = '' } = environment ?? {};
      return Promise.resolve({
        stage: environment?.stage ?? 'prod',
        intent: { decommission: params.environmentId },
        facts: { region, projectId, name },
      });
    },
  },
  async run(tx, { tenantId, traceId }, { params, body }) {
    const key = { tenantId, environmentId: params.environmentId };
    const environment = await lockEnvironment(tx, key);
    if (!environment) throw notThere('EnvironmentNotFound');
    if (environment.status === 'Decommissioned') {
      throw new PlatformError('EnvironmentDecommissioned', 'The environment was taken away before.', {
        details: { environmentId: environment.id },
      });
    }
    // Asked for again while it is under way it is the same one.
    const operation =
      (await findOpenOperation(tx, key, 'decommission')) ??
      (await acceptOperation(tx, {
        ...key,
        id: newId('op'),
        kind: 'decommission',
        budgetSeconds: body.progressDeadlineSeconds + RESERVE_SECONDS,
        reserveSeconds: RESERVE_SECONDS,
        traceId,
      }));
    const path = operationPath(operation.id);
    return {
      status: 202 as const,
      headers: { location: path, 'operation-location': path },
      body: {
        environmentId: environment.id,
        operationId: operation.id,
        status: operation.status,
        traceId: operation.traceId,
      },
      environmentId: environment.id,
      operation: { id: operation.id, key },
    };
  },
});
