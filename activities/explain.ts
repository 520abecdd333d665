/** A closer look at why a deployment does not go on, before anything of it is undone. */
import { Context } from '@temporalio/activity';
import type { Database } from '../db/client.ts';
import { findDeploymentByOperation } from '../db/deployments.ts';
import { explained } from '../db/explained.ts';
import { findOperation } from '../db/operations.ts';
import { readSnapshot } from '../db/snapshots.ts';
import type { Failure } from '../domain/failures.ts';
import type { OperationKey } from '../domain/ids.ts';
import { own } from '../domain/own.ts';
import type { SnapshotService } from '../domain/snapshot.ts';
import type { ComputeTarget } from '../providers/compute/port.ts';
import { rethrow } from './failures.ts';
import { lastWords, probeOf } from './refusal.ts';

export interface ExplainInput extends OperationKey {
  failure: Failure;
}

/** Replicas that are looked at. */
const LOOKS = 5;

export function explainActivities(db: Database, compute: ComputeTarget) {
  return {
    /** A failure with all that can be told of it: a time that is up says nothing of what was waited for. */
    async explain({ failure, ...input }: ExplainInput): Promise<Failure> {
      try {
        const { told, service } = await db.forTenant(input.tenantId, async (tx) => {
          const operation = await findOperation(tx, input.tenantId, input.operationId);
          const whole = operation ? await explained(tx, operation, failure) : failure;
          const deployment = await findDeploymentByOperation(tx, input.tenantId, input.operationId);
          const { services } = await readSnapshot(tx, input.tenantId, deployment?.snapshotId ?? null);
          return { told: whole, service: whole.serviceId ? own(services, whole.serviceId) : undefined };
        });
        // What a step failed of has its own evidence.
        if (!service || failure.serviceId !== undefined || told.heldBy !== undefined) return told;
        const looked = await lookAt(input, service).catch((error: unknown) => {
          Context.current().log.warn('what a time that is up was waited for could not be looked at', { error });
        });
        return { ...told, ...looked };
      } catch (error) {
        return rethrow(error);
      }
    },
  };

  async function lookAt({ tenantId, environmentId }: OperationKey, { serviceId, revision, health }: SnapshotService) {
    const workload = { tenantId, environmentId, serviceId };
    const all = await compute.instances(workload);
    const looks = all.filter((instance) => instance.revision === revision).slice(0, LOOKS);
    const samples = await Promise.all(looks.map((instance) => compute.health(instance, health)));
    const worst = samples.find(({ status }) => status !== 'healthy') ?? samples[0];
    const words = await lastWords(compute, workload, { revision, instanceId: worst?.instanceId ?? null });
    return { ...(worst && { evidence: worst.evidence, probes: samples.map(probeOf) }), ...words };
  }
}
