/** What a completed deployment brought, as components for another environment: images by digest, and how they run. */
import type { Tx } from '../../../db/client.ts';
import { findDeployment, type DeploymentRow } from '../../../db/deployments.ts';
import { findOperation } from '../../../db/operations.ts';
import type { RequestedComponent } from '../../../db/schema/index.ts';
import { readSnapshot } from '../../../db/snapshots.ts';
import { PlatformError } from '../../../domain/errors.ts';
import type { DeploymentId } from '../../../domain/ids.ts';
import type { SnapshotService } from '../../../domain/snapshot.ts';
import type { Caller } from '../../caller.ts';
import { guardTarget, notThere } from '../../tenant-guard.ts';
import { byDeployment } from './locate.ts';

export interface Promoted {
  source: DeploymentRow;
  components: RequestedComponent[];
}

/** @throws PlatformError `DeploymentNotFound`, `BindingRevoked`, `DeploymentNotCompleted`, `NothingToPromote` */
export async function promotedFrom(tx: Tx, caller: Caller, id: DeploymentId): Promise<Promoted> {
  const { tenantId } = caller;
  await guardTarget(tx, caller, byDeployment, { params: { deploymentId: id } });
  const source = await findDeployment(tx, tenantId, id);
  const operation = source && (await findOperation(tx, tenantId, source.operationId));
  if (!operation) throw notThere('DeploymentNotFound');
  if (operation.phase !== 'Completed') {
    const details = { deploymentId: id, deploymentStatus: operation.phase };
    const message = `Only a completed deployment is promoted; this one is ${operation.phase}.`;
    throw new PlatformError('DeploymentNotCompleted', message, { details });
  }
  const { services } = await readSnapshot(tx, tenantId, source.snapshotId);
  const names = Object.keys(services).sort();
  const components = names.flatMap((name) => services[name] ?? []).map(componentOf);
  if (components.length === 0) {
    const details = { deploymentId: id };
    throw new PlatformError('NothingToPromote', 'Nothing ran in its environment after this deployment.', { details });
  }
  return { source, components };
}

/** Replicas, variables, configuration and secrets are of the environment that it ran in, and stay there. */
function componentOf(service: SnapshotService): RequestedComponent {
  const { serviceId: moduleId, image, digest, target, port, health, resources, dependsOn } = service;
  return { moduleId, image, digest, target, ...(port !== null && { port }), health, resources, dependsOn };
}
