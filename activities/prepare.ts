/**
 * The phases before anything changes: images are resolved to digests, the configuration is read, and what should run is
 * written down as a snapshot with a row per component. After this the deployment no longer depends on a tag.
 */
import type { Database, Tx } from '../db/client.ts';
import { insertComponents } from '../db/components.ts';
import { noteConcerned } from '../db/concerned-services.ts';
import { findDeploymentByOperation, setPrepared, type DeploymentRow } from '../db/deployments.ts';
import { findEnvironment, requireFence } from '../db/environments.ts';
import { insertSnapshot } from '../db/snapshots.ts';
import { changeOf } from '../db/wanted-snapshot.ts';
import { OperationFault } from '../domain/failures.ts';
import type { OperationKey } from '../domain/ids.ts';
import { plan, touchedBy, type PlanStep } from '../domain/plan.ts';
import { resolveImages, type ComputeTarget, type ResolvedImage } from '../providers/compute/port.ts';
import { asHeedingAttempt } from './attempt.ts';
import { operationLost } from './failures.ts';
import { enter } from './stages.ts';

export function prepareActivities(db: Database, compute: ComputeTarget) {
  return {
    /** Phases Provisioning and Configuring. Repeated after it was done, it changes nothing. */
    async prepare(input: OperationKey): Promise<void> {
      await asHeedingAttempt(db, input, async (attempt) => {
        const deployment = await load(db, input);
        if (deployment.preparedAt) return;
        const images = await resolveImages(compute, deployment.components);
        await db.forTenant(input.tenantId, async (tx) => {
          await requireFence(tx, input, attempt.fence);
          await enter(tx, input, 'Configuring');
        });
        await db.forTenant(input.tenantId, async (tx) => {
          await requireFence(tx, input, attempt.fence);
          await writeDown(tx, deployment, images);
        });
      });
    },
  };
}

async function load(db: Database, input: OperationKey): Promise<DeploymentRow> {
  return await db.forTenant(input.tenantId, async (tx) => {
    const deployment = await findDeploymentByOperation(tx, input.tenantId, input.operationId);
    if (!deployment) throw operationLost(input.operationId);
    const environment = await findEnvironment(tx, input);
    if (environment?.status !== 'Updating') {
      const state = environment?.status ?? 'gone';
      throw new OperationFault({ code: 'EnvironmentNotReady', message: `The environment is ${state}.` });
    }
    return deployment;
  });
}

async function writeDown(tx: Tx, deployment: DeploymentRow, images: Map<string, ResolvedImage>): Promise<void> {
  const key = { tenantId: deployment.tenantId, environmentId: deployment.environmentId };
  const { previousSnapshotId, live, wanted } = await changeOf(tx, deployment, images);
  const snapshotId = deployment.snapshotId ?? (await insertSnapshot(tx, key, wanted));
  await setPrepared(tx, key.tenantId, deployment.id, { previousSnapshotId, snapshotId });
  const steps = plan(live, wanted).waves.flat();
  await insertComponents(tx, key.tenantId, deployment.id, steps.map(componentOf));
  await noteConcerned(tx, key.tenantId, deployment.operationId, touchedBy(steps));
}

function componentOf(step: PlanStep) {
  return {
    serviceId: step.serviceId,
    action: step.action,
    status: step.action === 'keep' ? ('Unchanged' as const) : ('Pending' as const),
    image: step.to?.image ?? null,
    digest: step.to?.digest ?? null,
    target: step.to?.target ?? step.from?.target ?? null,
    fromRevision: step.from?.revision ?? null,
    toRevision: step.to?.revision ?? null,
    replicasWanted: step.to?.replicas ?? 0,
  };
}
