import type { z } from 'zod';
import { componentsOf, type ComponentRow } from '../../../db/components.ts';
import { findDeployment } from '../../../db/deployments.ts';
import { eventsOfOperation, type EventRow } from '../../../db/events.ts';
import { findOperation } from '../../../db/operations.ts';
import type { RequestedComponent } from '../../../db/schema/index.ts';
import { read } from '../../endpoint.ts';
import { deploymentAnswer, deploymentParams } from '../../shapes/deployment.ts';
import { notThere } from '../../tenant-guard.ts';
import { byDeployment } from './locate.ts';
import { renderDeployment } from './render.ts';

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
