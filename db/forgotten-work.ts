/** What a database that was put back to an earlier moment does not know of, and what it is told of it. */
import { and, eq, inArray, isNull, ne, sql } from 'drizzle-orm';
import type { EnvironmentId, EnvironmentKey, OperationId, OperationKey } from '../domain/ids.ts';
import type { EnvironmentStatus, OperationKind, Stage } from '../domain/phases.ts';
import type { Tx } from './client.ts';
import {
  claimFence,
  clearLiveSnapshot,
  findEnvironmentByName,
  insertEnvironment,
  lockEnvironment,
  setConvergeReason,
  setEnvironmentStatus,
  type EnvironmentRow,
} from './environments.ts';
import { appendEvent } from './events.ts';
import { environments, events, operations } from './schema/index.ts';
import { replaceServices } from './services.ts';

export interface Known {
  environments: Set<EnvironmentId>;
  /** Those that have begun in their row. Whatever has a workflow had; a row that still waits was put back. */
  operations: Set<OperationId>;
  /** Those of the others of which the environment was told. */
  noted: Set<OperationId>;
}

/** What an environment is told of work that its rows have lost. */
const FORGOTTEN = 'environment.operationForgotten';
const RECOVERED = 'environment.recovered';

/** What this tenant's rows know of these ids. */
export async function knownOf(
  tx: Tx,
  tenantId: string,
  ids: { environmentIds: EnvironmentId[]; operationIds: OperationId[] },
): Promise<Known> {
  const there = await tx
    .select({ id: environments.id })
    .from(environments)
    .where(and(eq(environments.tenantId, tenantId), inArray(environments.id, ids.environmentIds)));
  const rows = await tx
    .select({ id: operations.id })
    .from(operations)
    .where(
      and(
        eq(operations.tenantId, tenantId),
        inArray(operations.id, ids.operationIds),
        ne(operations.status, 'Accepted'),
      ),
    );
  const known = new Set(rows.map(({ id }) => id));
  const left = ids.operationIds.filter((id) => !known.has(id));
  const told = await tx
    .selectDistinct({ id: events.operationId })
    .from(events)
    .where(
      and(
        eq(events.tenantId, tenantId),
        inArray(events.operationId, left),
        inArray(events.type, [FORGOTTEN, RECOVERED]),
      ),
    );
  return {
    environments: new Set(there.map(({ id }) => id)),
    operations: known,
    noted: new Set(left.filter((id) => told.some((one) => one.id === id))),
  };
}

/** Where something may run that such an operation has left. What is failed or gone takes no part in any. */
const IN_USE: EnvironmentStatus[] = ['Provisioning', 'Ready', 'Updating'];

/**
 * Notes that an operation that no row knows of has worked in the environment: what still works for it is fenced off, and what it
 * has left is to be brought back. False where the environment has no row either.
 */
export async function noteForgotten(tx: Tx, work: OperationKey & { kind: OperationKind }): Promise<boolean> {
  const { operationId, kind } = work;
  const key: EnvironmentKey = { tenantId: work.tenantId, environmentId: work.environmentId };
  const environment = await lockEnvironment(tx, key);
  if (!environment) return false;
  const { noted } = await knownOf(tx, key.tenantId, { environmentIds: [], operationIds: [operationId] });
  if (noted.has(operationId)) return true;
  await claimFence(tx, key);
  if (kind === 'decommission') await noteHalfGone(tx, key);
  else if (kind !== 'driftScan' && IN_USE.includes(environment.status)) {
    await setConvergeReason(tx, key, `${operationId} has worked here, and no row knows it`);
  }
  await appendEvent(tx, key, { type: FORGOTTEN, operationId, data: { kind } });
  return true;
}

/** Its services, its stack or both are gone already: nothing is brought back, and another decommission goes on from there. */
async function noteHalfGone(tx: Tx, key: EnvironmentKey): Promise<void> {
  await clearLiveSnapshot(tx, key);
  await replaceServices(tx, key, []);
  await setEnvironmentStatus(tx, key, ['Ready', 'Updating'], 'DecommissionBlocked');
}

export interface LostEnvironment extends OperationKey {
  name: string;
  stage: Stage;
}

/** What nobody can tell any more. */
const UNKNOWN = { projectId: 'unknown', region: 'unknown', isolationModel: 'shared' } as const;
const NO_TRACE = `trace-${'0'.repeat(32)}` as const;

/**
 * Writes down an environment again that has no row any more, as what it is now: something that stands, takes nothing new,
 * and can be taken away. Where its name has been given to another one since, the stack of that name is the other's.
 */
export async function recoverEnvironment(tx: Tx, lost: LostEnvironment): Promise<void> {
  const { tenantId, environmentId, operationId, name, stage } = lost;
  const key: EnvironmentKey = { tenantId, environmentId };
  if (await lockEnvironment(tx, key)) return;
  const holder = await findEnvironmentByName(tx, tenantId, name);
  const status = holder && !(await givesUpName(tx, holder)) ? 'Failed' : 'DecommissionBlocked';
  const known = { tenantId, id: environmentId, name, stage, pulumiStackRef: name, traceId: NO_TRACE };
  await insertEnvironment(tx, { ...UNKNOWN, computeTargets: [], ...known }, status);
  await claimFence(tx, key);
  await appendEvent(tx, key, { type: RECOVERED, operationId, data: {} });
}

/**
 * One that was taken away in the time that was lost had its name until then: what has been made under it since owns the
 * stack of that name.
 */
async function givesUpName(tx: Tx, { tenantId, id: environmentId }: EnvironmentRow): Promise<boolean> {
  const key: EnvironmentKey = { tenantId, environmentId };
  await lockEnvironment(tx, key);
  const [takenAway] = await tx
    .select({ id: events.id })
    .from(events)
    .where(
      and(
        eq(events.tenantId, tenantId),
        eq(events.environmentId, environmentId),
        eq(events.type, FORGOTTEN),
        sql`${events.data} ->> 'kind' = 'decommission'`,
      ),
    )
    .limit(1);
  return takenAway !== undefined && (await setEnvironmentStatus(tx, key, ['DecommissionBlocked'], 'Failed'));
}

/** Every environment in use, of every tenant, that is not to be converged anyway. As `slipway_system`. */
export async function environmentsInUse(tx: Tx): Promise<EnvironmentKey[]> {
  return await tx
    .select({ tenantId: environments.tenantId, environmentId: environments.id })
    .from(environments)
    .where(and(inArray(environments.status, ['Ready', 'Updating']), isNull(environments.convergeReason)));
}
