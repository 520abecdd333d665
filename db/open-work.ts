import { and, eq, inArray, isNotNull, lt, or, sql } from 'drizzle-orm';
import type { EnvironmentKey, OperationId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { environments, operations } from './schema/index.ts';

/** What reconcile looks at: open operations and environments that wait to be converged, of every tenant. */
export interface OpenWork extends EnvironmentKey {
  operationId: OperationId | null;
  deadlineAt: Date | null;
  /** Whether its lane has something to do: not with what waits for a person, or for the environment to be made. */
  hasLaneWork: boolean;
}

/** @param olderThan only work that has been there since then: what is younger is being rung by whoever accepted it. */
export async function openWork(tx: Tx, olderThan: Date): Promise<OpenWork[]> {
  return await tx
    .select({
      tenantId: environments.tenantId,
      environmentId: environments.id,
      operationId: operations.id,
      deadlineAt: operations.deadlineAt,
      hasLaneWork: sql<boolean>`${environments.convergeReason} is not null or not (
        coalesce(${operations.waitingOn} ->> 'kind', '') = 'approval'
        or (${environments.status} = 'Provisioning' and ${operations.kind} <> 'provision')
      )`,
    })
    .from(environments)
    .leftJoin(
      operations,
      and(
        eq(operations.tenantId, environments.tenantId),
        eq(operations.environmentId, environments.id),
        inArray(operations.status, ['Accepted', 'Updating']),
        lt(operations.acceptedAt, olderThan),
      ),
    )
    .where(or(isNotNull(operations.id), isNotNull(environments.convergeReason)));
}
