/** Taking a whole environment away: its services first, then what it stands on; then a look at what is left. */
import type { Database } from '../db/client.ts';
import { clearLiveSnapshot, findEnvironment, requireFence } from '../db/environments.ts';
import { setWaitingOn } from '../db/operations.ts';
import { replaceServices } from '../db/services.ts';
import { readSnapshot } from '../db/snapshots.ts';
import type { OperationKey } from '../domain/ids.ts';
import { plan } from '../domain/plan.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../domain/snapshot.ts';
import type { ComputeTarget, ObservedService } from '../providers/compute/port.ts';
import { asAttempt } from './attempt.ts';
import { eachOf } from './each-of.ts';
import { retireOthers } from './rolling.ts';

const CONCURRENCY = 4;

export function decommissionActivities(db: Database, compute: ComputeTarget) {
  return {
    /**
     * Takes every service away, dependents first: each leaves its route and is drained, then it is stopped. From then on
     * nothing should run. Repeated, it looks at what is left.
     */
    async retireServices(input: OperationKey): Promise<void> {
      await asAttempt(db, input, async (attempt) => {
        const key = { tenantId: input.tenantId, environmentId: input.environmentId };
        const live = await db.forTenant(key.tenantId, async (tx) => {
          const environment = await findEnvironment(tx, key);
          return await readSnapshot(tx, key.tenantId, environment?.liveSnapshotId ?? null);
        });
        const observed = await compute.observe(key, attempt.fence);
        const retiring = { compute, attempt, environment: key };
        for (const wave of wavesOf(live, observed)) {
          await eachOf(wave, CONCURRENCY, (serviceId) => retireOthers(retiring, serviceId, null, observed));
        }
        await db.forTenant(key.tenantId, async (tx) => {
          await requireFence(tx, key, attempt.fence);
          await clearLiveSnapshot(tx, key);
          await replaceServices(tx, key, []);
          // What was waited for is there again.
          await setWaitingOn(tx, key.tenantId, input.operationId, null);
        });
      });
    },
  };
}

/** What runs beside the release goes first: nothing that is known depends on it. */
function wavesOf(live: Snapshot, observed: readonly ObservedService[]): string[][] {
  const beside = observed
    .map(({ serviceId }) => serviceId)
    .filter((serviceId) => !Object.hasOwn(live.services, serviceId));
  const retired = plan(live, EMPTY_SNAPSHOT).waves.map((wave) => wave.map(({ serviceId }) => serviceId));
  return [beside, ...retired];
}
