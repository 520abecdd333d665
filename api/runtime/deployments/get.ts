import type { z } from 'zod';
import { componentsOf, type ComponentRow } from '../../../db/components.ts';
import { findDeployment, type DeploymentRow } from '../../../db/deployments.ts';
import { eventsOfOperation, type EventRow } from '../../../db/events.ts';
import { findOperation, type OperationRow } from '../../../db/operations.ts';
import type { RequestedComponent } from '../../../db/schema/index.ts';
import { read } from '../../endpoint.ts';
import { deploymentAnswer, deploymentParams } from '../../shapes/deployment.ts';
import { notThere } from '../../tenant-guard.ts';
import { byDeployment } from './locate.ts';

type Rendered = z.input<typeof deploymentAnswer>;

export const getDeployment = read({
  route: '/runtime/deployments/{deploymentId}',
  scope: 'runtime.deployments.read',
  summary: 'Get deployment status and rollout history',
  input: { params: deploymentParams },
  output: { 200: deploymentAnswer },
  target: byDeployment,
  run: ({ db }, { tenantId }, { params }) =>
    db.forTenant(tenantId, async (tx) => {
      const deployment = await findDeployment(tx, tenantId, params.deploymentId);
      const operation = deployment && (await findOperation(tx, tenantId, deployment.operationId));
      if (!operation) throw notThere('DeploymentNotFound');
      const rows = await componentsOf(tx, tenantId, deployment.id);
      const events = await eventsOfOperation(tx, tenantId, operation.id);
      return {
        status: 200,
        body: {
          ...renderDeployment(deployment, operation),
          // Until images are resolved there are no rows: what was asked for stands in their place.
          components: deployment.preparedAt ? rows.map(renderComponent) : deployment.components.map(renderRequested),
          history: events.map(renderEvent),
        },
      };
    }),
});

function renderDeployment(row: DeploymentRow, operation: OperationRow): Omit<Rendered, 'components' | 'history'> {
  return {
    deploymentId: row.id,
    environmentId: row.environmentId,
    operationId: row.operationId,
    status: operation.phase,
    releaseRef: row.releaseRef,
    strategy: row.strategy,
    rollout: { ...row.rollout },
    prune: row.prune,
    configurationId: row.configurationId,
    rollbackOf: row.rollbackOf,
    restartOf: row.restartOf,
    fromDeploymentId: row.fromDeploymentId,
    waitingOn: operation.waitingOn,
    failure: operation.failure,
    deadlineAt: operation.deadlineAt.toISOString(),
    createdAt: row.createdAt.toISOString(),
    startedAt: operation.startedAt?.toISOString() ?? null,
    endedAt: operation.endedAt?.toISOString() ?? null,
    traceId: row.traceId,
  };
}

function renderComponent(row: ComponentRow): Rendered['components'][number] {
  const { tenantId: _t, deploymentId: _d, serviceId, startedAt, endedAt, ...progress } = row;
  return {
    moduleId: serviceId,
    ...progress,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
  };
}

function renderRequested(component: RequestedComponent): Rendered['components'][number] {
  const { moduleId, image, digest = null, target, replicas } = component;
  return {
    moduleId,
    image,
    digest,
    target,
    action: null,
    status: 'Pending',
    fromRevision: null,
    toRevision: null,
    replicasWanted: replicas ?? null,
    replicasReady: 0,
    trafficPercent: 0,
    reason: null,
    failure: null,
    startedAt: null,
    endedAt: null,
  };
}

function renderEvent({ data, at, type }: EventRow): Rendered['history'][number] {
  return { ...data, at: at.toISOString(), type };
}
