import type { Tx } from '../../../db/client.ts';
import { deploymentOfSnapshot, findDeployment, type DeploymentRow } from '../../../db/deployments.ts';
import { findOperation } from '../../../db/operations.ts';
import { readSnapshot } from '../../../db/snapshots.ts';
import { PlatformError } from '../../../domain/errors.ts';
import type { DeploymentId, SnapshotId } from '../../../domain/ids.ts';
import { plan, touchedBy } from '../../../domain/plan.ts';
import { mutation } from '../../endpoint.ts';
import { deployAnswer, deploymentParams, rollbackBody } from '../../shapes/deployment.ts';
import { notThere } from '../../tenant-guard.ts';
import { acceptDeployment } from './accept.ts';
import { lockForWork } from './checks.ts';
import { byDeployment } from './locate.ts';

export const rollbackDeployment = mutation({
  route: '/runtime/deployments/{deploymentId}/rollback',
  scope: 'runtime.deployments.write',
  summary: 'Go back to what ran before this deployment',
  refuses: ['DeploymentNotFinished', 'NothingToRollBackTo', 'EnvironmentNotReady', 'OperationInProgress'],
  input: { params: deploymentParams, body: rollbackBody },
  output: { 202: deployAnswer },
  target: byDeployment,
  governed: {
    action: 'deployments.rollback',
    waits: true,
    question: async (tx, { tenantId }, { params }, environment) => {
      const { deployment, snapshotId } = await whatToGoBackTo(tx, tenantId, params.deploymentId);
      return {
        stage: environment?.stage ?? 'prod',
        intent: { rollbackOf: deployment.id, snapshotId },
        over: environment?.liveSnapshotId ?? null,
        facts: { region: environment?.region ?? '', rollbackOf: deployment.id },
      };
    },
  },
  async run(tx, { tenantId, traceId }, { params, body }) {
    const { deployment, snapshotId } = await whatToGoBackTo(tx, tenantId, params.deploymentId);
    const key = { tenantId, environmentId: deployment.environmentId };
    const { liveSnapshotId } = await lockForWork(tx, key);
    const earlier = await deploymentOfSnapshot(tx, key, snapshotId);
    const wanted = {
      ...key,
      releaseRef: earlier?.releaseRef ?? `rollback-of-${deployment.id}`,
      // In steps it would be longer on the way than it has to be.
      strategy: 'RollingHealthGated' as const,
      steps: [],
      rollout: deployment.rollout,
      configurationId: earlier?.configurationId ?? null,
      // A rollback names the whole snapshot instead of components.
      components: [],
      prune: false,
      rollbackOf: deployment.id,
      restartOf: null,
      fromDeploymentId: null,
      snapshotId,
      traceId,
    };
    const changed = await changedServices(tx, tenantId, liveSnapshotId, snapshotId);
    return await acceptDeployment(tx, wanted, changed, body.onConflict);
  },
});

/** What going back would change now; what it changes when its turn comes is noted then. */
async function changedServices(tx: Tx, tenantId: string, from: SnapshotId | null, to: SnapshotId): Promise<string[]> {
  const [live, wanted] = [await readSnapshot(tx, tenantId, from), await readSnapshot(tx, tenantId, to)];
  return touchedBy(plan(live, wanted).waves.flat());
}

/** @throws PlatformError `DeploymentNotFinished`, `NothingToRollBackTo` */
async function whatToGoBackTo(
  tx: Tx,
  tenantId: string,
  id: DeploymentId,
): Promise<{ deployment: DeploymentRow; snapshotId: SnapshotId }> {
  const deployment = await findDeployment(tx, tenantId, id);
  const operation = deployment && (await findOperation(tx, tenantId, deployment.operationId));
  if (!operation) throw notThere('DeploymentNotFound');
  // One whose own going back failed may be told to try that again.
  if (operation.phase !== 'Completed' && operation.phase !== 'RollbackFailed') {
    throw new PlatformError(
      'DeploymentNotFinished',
      `Only a completed deployment is rolled back, or one whose own rollback failed; this one is ${operation.phase}.`,
      {
        details: { deploymentId: id, deploymentStatus: operation.phase },
      },
    );
  }
  if (deployment.previousSnapshotId === null) {
    throw new PlatformError('NothingToRollBackTo', 'Nothing ran in the environment before this deployment.', {
      details: { deploymentId: id },
    });
  }
  return { deployment, snapshotId: deployment.previousSnapshotId };
}
