/**
 * What Temporal knows and the rows do not, after a database was put back to an earlier moment. An operation has begun in its
 * row before it has a workflow, so one that is listed first and then has no such row began in a time that the database has
 * lost, whether it still runs or has closed. How far the looks have come is kept beside the rows, and is put
 * back with them. Outside the bundle.
 */
import type { Database } from '../db/client.ts';
import { setConvergeReason } from '../db/environments.ts';
import { environmentsInUse, knownOf, noteForgotten, recoverEnvironment } from '../db/forgotten-work.ts';
import { lookOf, noteLook, PLATFORM } from '../db/temporal-looks.ts';
import type { EnvironmentKey, OperationId } from '../domain/ids.ts';
import type { OperationKind } from '../domain/phases.ts';
import { terminate, type Ring } from './client.ts';
import { inTime } from './temporal.ts';
import { listed, type Listed, type ListOptions } from './visibility.ts';

export interface OrphanOptions extends ListOptions {
  db: Database;
  ring: Ring;
  /** How far Temporal's lists may lag behind. @default 60 s */
  lagMs?: number;
  onError(error: unknown): void;
}

const LAG_MS = 60_000;
/** Closed workflows are forgotten by Temporal after about as long. */
const RETENTION_MS = 7 * 24 * 3_600_000;
/** Of what has closed since the last look so much is compared in one pass: a long time is made up for in several. */
const WINDOW_MS = 6 * 3_600_000;
const REASON = 'no row knows it: the database was put back to before it began';

/** One look. @throws when it could not be finished; the next one begins where this one did. */
export async function settleOrphans(options: OrphanOptions): Promise<void> {
  const { db, client, connection, lagMs = LAG_MS } = options;
  const now = Date.now();
  const { namespace } = client.options;
  const { namespaceInfo } = await inTime(connection, () => connection.workflowService.describeNamespace({ namespace }));
  const namespaceId = namespaceInfo?.id ?? '';
  const { comparedUntil, isAnother } = await db.forTenant(PLATFORM, (tx) => lookOf(tx, namespaceId));
  if (isAnother) await convergeEverything(db);
  const from = comparedUntil?.getTime() ?? now - RETENTION_MS;
  const to = comparedUntil ? Math.min(now, from + WINDOW_MS) : now;
  const strangers: Listed[] = [];
  for await (const page of listed(options, from, to)) strangers.push(...(await strangersAmong(db, page)));
  // As they came about: what an environment began with before the rest, and the end of one before another has its name.
  strangers.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  const failures: unknown[] = [];
  for (const stranger of strangers) {
    await settle(options, stranger).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
  await db.forTenant(PLATFORM, (tx) => noteLook(tx, namespaceId, new Date(Math.min(to, now - lagMs))));
}

/**
 * A Temporal that was made anew cannot tell what was done in a time that the rows may have lost as well. Where they have
 * not, everything is found as it should be.
 */
async function convergeEverything(db: Database): Promise<void> {
  for (const key of await db.forSystem(environmentsInUse)) {
    await db.forTenant(key.tenantId, (tx) => setConvergeReason(tx, key, 'Temporal has lost what it knew'));
  }
}

/** Those that the rows do not know, each tenant asked once. */
async function strangersAmong(db: Database, page: Listed[]): Promise<Listed[]> {
  const strangers: Listed[] = [];
  for (const [tenantId, its] of Map.groupBy(page, (one) => one.tenantId)) {
    const known = await db.forTenant(tenantId, (tx) =>
      knownOf(tx, tenantId, {
        environmentIds: [...new Set(its.map(({ environmentId }) => environmentId))],
        operationIds: its.filter(({ kind }) => kind !== 'lane').map(operationIdOf),
      }),
    );
    const isStranger = (one: Listed) =>
      one.kind === 'lane'
        ? // That of a known environment ends by itself when it finds nothing to do.
          one.isRunning && !known.environments.has(one.environmentId)
        : !known.operations.has(operationIdOf(one)) && (one.isRunning || !known.noted.has(operationIdOf(one)));
    strangers.push(...its.filter(isStranger));
  }
  return strangers;
}

const operationIdOf = ({ workflowId }: Listed) => workflowId as OperationId;

/** Fence, terminate, converge: in this order, so that nothing is done any more when what was done is undone. */
async function settle(options: OrphanOptions, stranger: Listed): Promise<void> {
  const { db, client, connection, ring } = options;
  const { tenantId, environmentId, workflowId, kind, isRunning } = stranger;
  const key: EnvironmentKey = { tenantId, environmentId };
  const isNoted =
    kind !== 'lane' &&
    (await db.forTenant(tenantId, (tx) => noteForgotten(tx, { ...key, operationId: operationIdOf(stranger), kind })));
  if (kind !== 'lane' && !isNoted) await recover(options, { ...stranger, kind });
  if (isRunning) await inTime(connection, () => terminate(client, workflowId, REASON));
  if (isNoted) await inTime(connection, () => ring(key));
}

/** An environment that has no row either. What it is called only the workflow that made it can tell. */
async function recover(options: OrphanOptions, stranger: Listed & { kind: OperationKind }): Promise<void> {
  const { db, client, connection, onError } = options;
  const { tenantId, environmentId, stage, kind } = stranger;
  const operationId = operationIdOf(stranger);
  const describe = async () => await (await client.workflow.getHandle(operationId).describe()).staticSummary();
  const summary = kind === 'provision' ? await inTime(connection, describe) : undefined;
  const name = /^provision (\S+)$/.exec(summary ?? '')?.[1];
  if (!name) {
    onError(new Error(`${operationId} has worked in ${environmentId} of ${tenantId}, and no row knows either`));
    return;
  }
  const lost = { tenantId, environmentId, operationId, name, stage };
  await db.forTenant(tenantId, (tx) => recoverEnvironment(tx, lost));
}
