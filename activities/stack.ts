/** Making and taking away what an environment stands on. These run on the stacks queue, a few at a time. */
import type { Database } from '../db/client.ts';
import {
  requireFence,
  setConvergeReason,
  setEnvironmentStatus,
  setOutputs,
  type EnvironmentRow,
} from '../db/environments.ts';
import { appendEvent } from '../db/events.ts';
import { endOperation, findOperation, hasCompleted } from '../db/operations.ts';
import { OperationFault, type Failure, type Leftover } from '../domain/failures.ts';
import type { EnvironmentKey, OperationKey } from '../domain/ids.ts';
import type { ComputeTarget } from '../providers/compute/port.ts';
import type { StackEngine } from '../providers/stacks/port.ts';
import { asAttempt, type Attempt } from './attempt.ts';
import { operationLost } from './failures.ts';
import { leftoversOf, ownsStack } from './leftovers.ts';
import { environmentOf, runOf, specOf } from './stack-spec.ts';

export function stackActivities(db: Database, stacks: StackEngine, compute: ComputeTarget) {
  return {
    /** Brings the stack up and the environment to `Ready`. Repeated, it finds what is there. */
    async provisionStack(input: OperationKey): Promise<void> {
      if (await hasCompleted(db, input)) return;
      await asAttempt(db, input, async (attempt) => {
        const environment = await environmentOf(db, input);
        await attempt.check();
        const outputs = await stacks.up(specOf(environment), runOf(attempt));
        await db.forTenant(input.tenantId, async (tx) => {
          await requireFence(tx, input, attempt.fence);
          await setOutputs(tx, input, outputs);
          const ended = await endOperation(tx, input, input.operationId, { phase: 'Completed' });
          if (!ended) throw operationLost(input.operationId);
        });
      });
    },

    /** Takes away what a failed provision left; then its name is free again. */
    async removeStack(key: EnvironmentKey): Promise<void> {
      await asAttempt(db, key, async (attempt) => {
        const environment = await environmentOf(db, key);
        // Done already: a stack of its name may be another's since.
        if (environment.status !== 'Decommissioning') return;
        await destroy(environment, attempt);
        await db.forTenant(key.tenantId, async (tx) => {
          await requireFence(tx, key, attempt.fence);
          await setConvergeReason(tx, key, null);
          await setEnvironmentStatus(tx, key, ['Decommissioning'], 'Failed');
          await appendEvent(tx, key, { type: 'environment.removed', data: {} });
        });
      });
    },

    /** Takes the stack of an environment away whose services are gone. Only when nothing is left of it, it has ended. */
    async decommissionStack(input: OperationKey): Promise<void> {
      if (await hasCompleted(db, input)) return;
      await asAttempt(db, input, async (attempt) => {
        const environment = await environmentOf(db, input);
        if (ownsStack(environment)) await destroy(environment, attempt);
        const leftovers = await leftoversOf(environment, specOf(environment), { compute, stacks });
        if (leftovers.length > 0) throw remains(leftovers);
        await db.forTenant(input.tenantId, async (tx) => {
          await requireFence(tx, input, attempt.fence);
          await setOutputs(tx, input, null);
          const ended = await endOperation(tx, input, input.operationId, { phase: 'Completed' });
          if (!ended) throw operationLost(input.operationId);
        });
      });
    },

    /** Ends a decommission that could not be brought to its end, with the list of what is left. */
    async endBlocked({ failure, ...input }: EndBlockedInput): Promise<Failure> {
      // As an attempt: what still works for it comes too late from now on.
      return await asAttempt(db, input, async () => {
        const environment = await environmentOf(db, input);
        const leftovers = await leftoversOf(environment, specOf(environment), { compute, stacks });
        return await db.forTenant(input.tenantId, async (tx) => {
          const told = { ...failure, leftovers };
          await endOperation(tx, input, input.operationId, { phase: 'Failed', failure: told });
          return (await findOperation(tx, input.tenantId, input.operationId))?.failure ?? told;
        });
      });
    },
  };

  async function destroy(environment: EnvironmentRow, attempt: Attempt): Promise<void> {
    await attempt.check();
    await stacks.destroy(specOf(environment), runOf(attempt));
  }
}

export interface EndBlockedInput extends OperationKey {
  /** Why it went no further. */
  failure: Failure;
}

function remains(leftovers: Leftover[]): OperationFault {
  const names = leftovers.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  return new OperationFault({ code: 'LeftoversRemain', message: `Still there: ${names}.`, leftovers });
}
