/** An operation in its turn, in an environment of its own, with rows and no more: for activities by themselves. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { asAttempt, type Attempt } from '../../activities/attempt.ts';
import type { Database } from '../../db/client.ts';
import { insertEnvironment } from '../../db/environments.ts';
import { takeNext } from '../../db/lane.ts';
import { newId } from '../../db/new-id.ts';
import { acceptOperation } from '../../db/operations.ts';
import type { OperationKey } from '../../domain/ids.ts';
import type { EnvironmentStatus, OperationKind } from '../../domain/phases.ts';

const TENANT = 'connectsoft';

export interface ClaimedOperation {
  /** @default a provision */
  kind?: OperationKind;
  /** Of the environment before its turn came. @default it is being provisioned */
  status?: EnvironmentStatus;
}

export async function claimedOperation(
  db: Database,
  { kind = 'provision', status }: ClaimedOperation = {},
): Promise<OperationKey> {
  const key = { tenantId: TENANT, environmentId: newId('env') };
  const operationId = newId('op');
  const names = { name: key.environmentId, pulumiStackRef: key.environmentId, projectId: 'proj', region: 'westeurope' };
  await db.forTenant(TENANT, async (tx) => {
    await insertEnvironment(
      tx,
      {
        ...{ ...names, tenantId: TENANT, id: key.environmentId, traceId: 'trace-1' },
        ...{ stage: 'dev', isolationModel: 'pool', computeTargets: ['aks'] },
      },
      status,
    );
    const times = { budgetSeconds: 60, reserveSeconds: 10, traceId: 'trace-1' as const };
    await acceptOperation(tx, { ...key, id: operationId, kind, ...times });
    await takeNext(tx, key);
  });
  return { ...key, operationId };
}

/** As Temporal runs it. */
export async function asActivity<T>(work: () => Promise<T>): Promise<T> {
  return (await new MockActivityEnvironment().run(work)) as T;
}

export async function attemptOf<T>(db: Database, of: OperationKey, work: (attempt: Attempt) => Promise<T>): Promise<T> {
  return await asActivity(() => asAttempt(db, of, work));
}
