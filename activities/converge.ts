/** Bringing an environment back to its live snapshot after somebody else ended what was changing it. */
import type { Database } from '../db/client.ts';
import { findEnvironment, requireFence, setConvergeReason, setEnvironmentStatus } from '../db/environments.ts';
import { appendEvent } from '../db/events.ts';
import { readSnapshot } from '../db/snapshots.ts';
import type { Failure } from '../domain/failures.ts';
import type { EnvironmentKey } from '../domain/ids.ts';
import { own } from '../domain/own.ts';
import type { Convergence } from '../domain/phases.ts';
import { DEFAULT_ROLLOUT } from '../domain/rollout.ts';
import type { ComputeTarget } from '../providers/compute/port.ts';
import { asAttempt } from './attempt.ts';
import { eachOf } from './each-of.ts';
import { failureOf, rethrow } from './failures.ts';
import { restore, type Rolling } from './rolling.ts';
import { specs } from './rollout-state.ts';

/** Replicas younger than this are judged again: what was interrupted may have started them. */
const SETTLED_MS = 60_000;

export interface AbandonInput extends EnvironmentKey {
  what: Convergence;
  reason: string;
  failure: Failure;
}

export function convergeActivities(db: Database, compute: ComputeTarget) {
  return {
    /**
     * Traffic first, then replicas, then what does not belong goes. A service whose replicas do not get healthy does not
     * hold the others up: the next deployment must be able to mend it.
     */
    async convergeServices(key: EnvironmentKey): Promise<void> {
      await asAttempt(db, key, async (attempt) => {
        const live = await db.forTenant(key.tenantId, async (tx) => {
          const environment = await findEnvironment(tx, key);
          return await readSnapshot(tx, key.tenantId, environment?.liveSnapshotId ?? null);
        });
        const environment = { tenantId: key.tenantId, environmentId: key.environmentId };
        const rolling: Rolling = {
          compute,
          attempt,
          environment,
          policy: DEFAULT_ROLLOUT,
          specOf: await specs(db, key, [live]),
          report: async () => undefined,
        };
        const observed = await compute.observe(environment, attempt.fence);
        const all = [...new Set([...Object.keys(live.services), ...observed.map(({ serviceId }) => serviceId)])];
        const sinceMs = Date.now() - SETTLED_MS;
        const problems: string[] = [];
        await eachOf(all, 4, async (serviceId) => {
          try {
            const to = own(live.services, serviceId) ?? null;
            await restore(rolling, serviceId, { to, sinceMs, first: 'traffic', observed });
          } catch (error) {
            const { failure, retryable } = failureOf(error);
            if (retryable) throw error;
            problems.push(`${serviceId}: ${failure.message}`);
          }
        });
        await db.forTenant(key.tenantId, async (tx) => {
          await requireFence(tx, key, attempt.fence);
          await setConvergeReason(tx, key, null);
          await appendEvent(tx, key, { type: 'environment.converged', data: { problems } });
        });
      });
    },

    /** Gives up on converging, so that the environment is not blocked for ever; the event says why. */
    async abandonConvergence({ what, reason, failure, ...key }: AbandonInput): Promise<void> {
      try {
        await db.forTenant(key.tenantId, async (tx) => {
          await setConvergeReason(tx, key, null);
          if (what === 'stack') await setEnvironmentStatus(tx, key, ['Decommissioning'], 'DecommissionBlocked');
          await appendEvent(tx, key, { type: 'environment.notConverged', data: { what, reason, failure } });
        });
      } catch (error) {
        rethrow(error);
      }
    },
  };
}
