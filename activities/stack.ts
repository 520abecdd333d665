/** Making and taking away what an environment stands on. These run on the stacks queue, a few at a time. */
import { Context } from '@temporalio/activity';
import type { Database } from '../db/client.ts';
import {
  findEnvironment,
  requireFence,
  setConvergeReason,
  setEnvironmentStatus,
  setOutputs,
  type EnvironmentRow,
} from '../db/environments.ts';
import { appendEvent } from '../db/events.ts';
import { endOperation, hasCompleted } from '../db/operations.ts';
import { OperationFault } from '../domain/failures.ts';
import type { EnvironmentKey, OperationKey } from '../domain/ids.ts';
import type { StackEngine, StackSpec } from '../providers/stacks/port.ts';
import { asAttempt, type Attempt } from './attempt.ts';
import { operationLost } from './failures.ts';

export function stackActivities(db: Database, stacks: StackEngine) {
  return {
    /** Brings the stack up and the environment to `Ready`. Repeated, it finds what is there. */
    async provisionStack(input: OperationKey): Promise<void> {
      if (await hasCompleted(db, input)) return;
      await asAttempt(db, input, async (attempt) => {
        const environment = await load(db, input);
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
        const environment = await load(db, key);
        await attempt.check();
        await stacks.destroy(specOf(environment), runOf(attempt));
        await db.forTenant(key.tenantId, async (tx) => {
          await requireFence(tx, key, attempt.fence);
          await setConvergeReason(tx, key, null);
          await setEnvironmentStatus(tx, key, ['Decommissioning'], 'Failed');
          await appendEvent(tx, key, { type: 'environment.removed', data: {} });
        });
      });
    },
  };
}

async function load(db: Database, key: EnvironmentKey): Promise<EnvironmentRow> {
  const environment = await db.forTenant(key.tenantId, (tx) => findEnvironment(tx, key));
  if (!environment) throw new OperationFault({ code: 'EnvironmentNotReady', message: 'The environment is not there.' });
  return environment;
}

function specOf(environment: EnvironmentRow): StackSpec {
  return {
    tenantId: environment.tenantId,
    environmentId: environment.id,
    stackName: environment.pulumiStackRef,
    projectId: environment.projectId,
    stage: environment.stage,
    region: environment.region,
    isolationModel: environment.isolationModel,
    computeTargets: environment.computeTargets,
  };
}

function runOf(attempt: Attempt) {
  const log = Context.current().log;
  return { fence: attempt.fence, signal: attempt.signal, onProgress: (sentence: string) => log.info(sentence) };
}
