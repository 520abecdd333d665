import type { z } from 'zod';
import type { Tx } from '../../../db/client.ts';
import { componentsOf, type ComponentRow } from '../../../db/components.ts';
import { findDeployment } from '../../../db/deployments.ts';
import { findOperation } from '../../../db/operations.ts';
import type { RequestedComponent } from '../../../db/schema/index.ts';
import type { DeploymentId } from '../../../domain/ids.ts';
import type { deploymentProgress } from '../../shapes/deployment.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderDeployment } from './render.ts';

export type DeploymentProgress = z.input<typeof deploymentProgress>;

/** A deployment with how far its components have come. @throws PlatformError `DeploymentNotFound` */
export async function loadProgress(tx: Tx, tenantId: string, id: DeploymentId): Promise<DeploymentProgress> {
  const deployment = await findDeployment(tx, tenantId, id);
  const operation = deployment && (await findOperation(tx, tenantId, deployment.operationId));
  if (!operation) throw notThere('DeploymentNotFound');
  const rows = await componentsOf(tx, tenantId, deployment.id);
  return {
    ...renderDeployment(deployment, operation),
    // Until images are resolved there are no rows: what was asked for stands in their place.
    components: deployment.preparedAt ? rows.map(renderComponent) : deployment.components.map(renderRequested),
  };
}

function renderComponent(row: ComponentRow): DeploymentProgress['components'][number] {
  const { tenantId: _t, deploymentId: _d, serviceId, startedAt, endedAt, ...progress } = row;
  return {
    moduleId: serviceId,
    ...progress,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
  };
}

function renderRequested(component: RequestedComponent): DeploymentProgress['components'][number] {
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
