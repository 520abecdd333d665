/** A deployment that names no components: it changes what is live when its turn comes, under the release's own name. */
import type { Tx } from '../../../db/client.ts';
import { deploymentOfSnapshot } from '../../../db/deployments.ts';
import type { EnvironmentRow } from '../../../db/environments.ts';
import type { OnConflict } from '../../../domain/commands.ts';
import type { TraceId } from '../../../domain/ids.ts';
import type { RolloutPolicy } from '../../../domain/rollout.ts';
import { acceptDeployment } from './accept.ts';

export interface OverLive {
  /** Its name while nobody can say which release will be live by then. */
  releaseRef: string;
  rollout: RolloutPolicy;
  /** The service that it is about. */
  serviceId: string;
  /** Its replicas are replaced by others of the same kind. */
  isRestart?: true;
  onConflict?: OnConflict;
  traceId: TraceId;
}

/** Whoever calls holds the environment's row lock. */
export async function acceptOverLive(tx: Tx, environment: EnvironmentRow, wanted: OverLive) {
  const { tenantId, id, liveSnapshotId, status } = environment;
  const key = { tenantId, environmentId: id };
  const release =
    liveSnapshotId === null || status === 'Updating' ? null : await deploymentOfSnapshot(tx, key, liveSnapshotId);
  const deployment = {
    ...key,
    releaseRef: release?.releaseRef ?? wanted.releaseRef,
    strategy: 'RollingHealthGated' as const,
    steps: [],
    rollout: wanted.rollout,
    configurationId: release?.configurationId ?? null,
    components: [],
    prune: false,
    rollbackOf: null,
    restartOf: wanted.isRestart ? wanted.serviceId : null,
    fromDeploymentId: null,
    snapshotId: null,
    traceId: wanted.traceId,
  };
  return await acceptDeployment(tx, deployment, [wanted.serviceId], wanted.onConflict);
}
