/** Probes the replicas of one service. */
import type { Database } from '../../db/client.ts';
import { recordHealth, type HealthSample } from '../../db/health.ts';
import { liveService } from '../../db/snapshots.ts';
import { OperationFault } from '../../domain/failures.ts';
import { judgeService, UNKNOWN_HEALTH, type ServiceHealth } from '../../domain/health.ts';
import type { SnapshotService } from '../../domain/snapshot.ts';
import type { ComputeTarget, Workload } from '../../providers/compute/port.ts';
import type { Visitor } from './visitor.ts';

export interface HealthVisitorOptions {
  db: Database;
  compute: Pick<ComputeTarget, 'instances' | 'health'>;
  /** From one look at a service to the next. */
  intervalMs: number;
}

export function healthVisitor({ db, compute, intervalMs }: HealthVisitorOptions): Visitor {
  return {
    async visit({ tenantId, environmentId, subject: serviceId }) {
      const key = { tenantId, environmentId };
      const service = await db.forTenant(tenantId, (tx) => liveService(tx, key, serviceId));
      if (!service) return { next: null };
      const health = await probe(compute, { ...key, serviceId }, service);
      const sample: HealthSample = { ...health, evaluatedAt: new Date() };
      return {
        next: new Date(Date.now() + intervalMs),
        record: async (tx) => {
          await recordHealth(tx, key, serviceId, sample);
        },
      };
    },
  };
}

async function probe(
  compute: HealthVisitorOptions['compute'],
  workload: Workload,
  service: SnapshotService,
): Promise<ServiceHealth> {
  try {
    const instances = (await compute.instances(workload)).filter(({ state }) => state !== 'stopping');
    const looks = instances.map(async (instance) => {
      const { status, checks } = await compute.health(instance, service.health);
      return { isLive: instance.revision === service.revision, status, ...(checks && { checks }) };
    });
    return judgeService(await Promise.all(looks), service.replicas);
  } catch (error) {
    // That nobody can look says nothing of the service.
    if (error instanceof OperationFault && error.failure.code === 'ComputeUnavailable') return UNKNOWN_HEALTH;
    throw error;
  }
}
