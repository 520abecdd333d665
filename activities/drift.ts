/** Looking for drift. Nothing outside of the platform's own rows is changed. It runs on the stacks queue, for Pulumi's part. */
import type { Database } from '../db/client.ts';
import { desiredOf, recordFindings } from '../db/drift.ts';
import { requireFence } from '../db/environments.ts';
import { endOperation, hasCompleted } from '../db/operations.ts';
import { agreed, differences, type Difference } from '../domain/drift.ts';
import type { OperationKey } from '../domain/ids.ts';
import type { ComputeTarget } from '../providers/compute/port.ts';
import type { StackEngine } from '../providers/stacks/port.ts';
import { asAttempt } from './attempt.ts';
import { operationLost } from './failures.ts';
import { environmentOf, runOf, specOf } from './stack-spec.ts';

export function driftActivities(db: Database, stacks: StackEngine, compute: ComputeTarget) {
  return {
    /**
     * Looks twice, Pulumi's preview between the two, and writes down what both looks agree on. Nothing else works in the
     * environment meanwhile.
     */
    async scanForDrift(input: OperationKey): Promise<void> {
      if (await hasCompleted(db, input)) return;
      const key = { tenantId: input.tenantId, environmentId: input.environmentId };
      await asAttempt(db, input, async (attempt) => {
        const environment = await environmentOf(db, key);
        const desired = await db.forTenant(key.tenantId, (tx) => desiredOf(tx, key));
        const look = async () => differences(desired, await compute.observe(key));
        const first = await look();
        await attempt.check();
        const { changes } = await stacks.refreshPreview(specOf(environment), runOf(attempt));
        const found = [...agreed(first, await look()), ...changes.map(ofResource)];
        await db.forTenant(key.tenantId, async (tx) => {
          await requireFence(tx, key, attempt.fence);
          await recordFindings(tx, key, input.operationId, found);
          const ended = await endOperation(tx, key, input.operationId, { phase: 'Completed' });
          if (!ended) throw operationLost(input.operationId);
        });
      });
    },
  };
}

/** The preview has looked at reality itself, and compared it with what was made. */
function ofResource({ urn, type, operation }: { urn: string; type: string; operation: string }): Difference {
  const actual = `${type} would be changed: ${operation}`;
  return { kind: 'InfrastructureDrift', subject: urn, serviceId: null, desired: 'as it was made', actual };
}
