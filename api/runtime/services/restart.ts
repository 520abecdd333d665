/**
 * Replaces every replica of a service by another of the same kind: a deployment of what is live, in which this service
 * is another revision. So it rolls behind the gate, waits its turn and goes back like any deployment.
 */
import type { Tx } from '../../../db/client.ts';
import { findDeployment } from '../../../db/deployments.ts';
import { lockEnvironment } from '../../../db/environments.ts';
import type { ServiceRow } from '../../../db/services.ts';
import { DEFAULT_ROLLOUT } from '../../../domain/rollout.ts';
import { mutation } from '../../endpoint.ts';
import { deployAnswer, restartBody } from '../../shapes/deployment.ts';
import { serviceParams, serviceQuery } from '../../shapes/logs.ts';
import { lockForWork } from '../deployments/checks.ts';
import { acceptOverLive } from '../deployments/over-live.ts';
import { byService, findService } from './locate.ts';
import { renderService } from './render.ts';

export const restartService = mutation({
  route: '/runtime/services/{serviceId}/restart',
  scope: 'runtime.deployments.write',
  summary: 'Restart a service, replica by replica behind its health gate',
  refuses: ['ServiceAmbiguous', 'EnvironmentNotReady', 'OperationInProgress'],
  input: { params: serviceParams, query: serviceQuery, body: restartBody },
  output: { 202: deployAnswer },
  target: byService,
  governed: {
    action: 'deployments.create',
    waits: true,
    question: async (tx, { tenantId }, { params, query }, environment) => {
      const { serviceId, revision } = await findService(tx, tenantId, params.serviceId, query.environmentId);
      return {
        stage: environment?.stage ?? 'prod',
        intent: { restartOf: serviceId, revision },
        over: environment?.liveSnapshotId ?? null,
        facts: { region: environment?.region ?? '', serviceId },
      };
    },
  },
  current: async (tx, { tenantId }, { params, query }) => {
    const { environmentId } = await findService(tx, tenantId, params.serviceId, query.environmentId);
    await lockEnvironment(tx, { tenantId, environmentId });
    return renderService(await findService(tx, tenantId, params.serviceId, environmentId));
  },
  async run(tx, { tenantId, traceId }, { params, query, body }) {
    const { environmentId } = await findService(tx, tenantId, params.serviceId, query.environmentId);
    const environment = await lockForWork(tx, { tenantId, environmentId });
    // Again under the lock: it may have been retired in between.
    const service = await findService(tx, tenantId, params.serviceId, environmentId);
    return await acceptOverLive(tx, environment, {
      releaseRef: `restart-of-${service.serviceId}`,
      rollout: await rolloutOf(tx, service),
      serviceId: service.serviceId,
      isRestart: true,
      onConflict: body.onConflict,
      traceId,
    });
  },
});

/** The clocks that its owner gave it when it was deployed. */
async function rolloutOf(tx: Tx, { tenantId, deploymentId }: ServiceRow) {
  return (await findDeployment(tx, tenantId, deploymentId))?.rollout ?? DEFAULT_ROLLOUT;
}
