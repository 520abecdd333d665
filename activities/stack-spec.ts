/** What the stack engine is told about an environment. */
import { Context } from '@temporalio/activity';
import type { Database } from '../db/client.ts';
import { findEnvironment, type EnvironmentRow } from '../db/environments.ts';
import { OperationFault } from '../domain/failures.ts';
import type { EnvironmentKey } from '../domain/ids.ts';
import type { StackRun, StackSpec } from '../providers/stacks/port.ts';
import type { Attempt } from './attempt.ts';

/** @throws OperationFault `EnvironmentNotReady` */
export async function environmentOf(db: Database, key: EnvironmentKey): Promise<EnvironmentRow> {
  const environment = await db.forTenant(key.tenantId, (tx) => findEnvironment(tx, key));
  if (!environment) throw new OperationFault({ code: 'EnvironmentNotReady', message: 'The environment is not there.' });
  return environment;
}

export function specOf(environment: EnvironmentRow): StackSpec {
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

export function runOf(attempt: Attempt): StackRun {
  const log = Context.current().log;
  return { fence: attempt.fence, signal: attempt.signal, onProgress: (sentence: string) => log.info(sentence) };
}
