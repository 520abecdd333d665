/** What reconcile works on: real Postgres and Temporal, rows as the API and the lane would leave them, and no worker. */
import { openTemporal } from '../../bin/temporal-connection.ts';
import { openDatabase, type Database } from '../../db/client.ts';
import { insertEnvironment } from '../../db/environments.ts';
import { takeNext, type LaneWork } from '../../db/lane.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { newId } from '../../db/new-id.ts';
import { acceptOperation, findOperation, type OperationRow } from '../../db/operations.ts';
import type { EnvironmentKey, OperationId } from '../../domain/ids.ts';
import type { OperationKind } from '../../domain/phases.ts';
import { openEnsureSweeps, openRing, openTell } from '../../workflows/client.ts';
import { endOverdue } from '../../workflows/overdue.ts';
import { mend, type ReconcileOptions } from '../../workflows/reconcile.ts';
import { openTestPlatform, type TestPlatform } from './platform.ts';

export const TENANT = 'connectsoft';
export const QUEUE = 'nobody-listens';

export interface ReconcileStand extends AsyncDisposable {
  platform: TestPlatform;
  db: Database;
  temporal: ReturnType<typeof openTemporal>;
  /** What reconcile has told of that went wrong. */
  errors: unknown[];
  options(change?: Partial<ReconcileOptions>): ReconcileOptions;
  /** One pass of each of its loops. */
  pass(change?: Partial<ReconcileOptions>): Promise<void>;
  /** One that is being provisioned. */
  environment(name?: string): Promise<EnvironmentKey>;
  /** An accepted operation that has so many seconds, and is claimed if the lane asks for it. */
  accept(key: EnvironmentKey, kind: OperationKind, budgetSeconds: number): Promise<OperationId>;
  claim(key: EnvironmentKey): Promise<LaneWork>;
  row(id: OperationId): Promise<OperationRow | null>;
}

export async function openReconcileStand(): Promise<ReconcileStand> {
  const platform = await openTestPlatform({ parts: ['postgres', 'temporal'] });
  await migrateDatabase(platform.config.databaseUrl);
  const db = openDatabase({ url: platform.config.databaseUrl });
  const temporal = openTemporal(platform.config.temporal);
  const errors: unknown[] = [];
  const of = { client: temporal.client, taskQueue: QUEUE };
  const options = (change: Partial<ReconcileOptions> = {}): ReconcileOptions => ({
    ...{ db, ...temporal, taskQueue: QUEUE, signal: new AbortController().signal, graceMs: -1_000 },
    ...{ ring: openRing(of), ensureSweeps: openEnsureSweeps(of), tell: openTell(of) },
    onError: (error) => errors.push(error),
    ...change,
  });
  return {
    ...{ platform, db, temporal, errors, options },
    async pass(change) {
      const its = options(change);
      await mend(its, await endOverdue(its));
    },
    async environment(name) {
      const key = { tenantId: TENANT, environmentId: newId('env') };
      const { tenantId, environmentId: id } = key;
      const names = { projectId: 'proj', name: name ?? id, pulumiStackRef: name ?? id, region: 'westeurope' };
      const plain = { stage: 'dev', isolationModel: 'pool', traceId: 'trace-1' } as const;
      await db.forTenant(TENANT, (tx) =>
        insertEnvironment(tx, { ...names, ...plain, tenantId, id, computeTargets: ['aks'] }),
      );
      return key;
    },
    async accept(key, kind, budgetSeconds) {
      const id = newId('op');
      await db.forTenant(TENANT, (tx) =>
        acceptOperation(tx, { ...key, id, kind, budgetSeconds, reserveSeconds: 0, traceId: 'trace-1' }),
      );
      return id;
    },
    claim: (key) => db.forTenant(TENANT, (tx) => takeNext(tx, key)),
    row: (id) => db.forTenant(TENANT, (tx) => findOperation(tx, TENANT, id)),
    async [Symbol.asyncDispose]() {
      await temporal.connection.close();
      await db[Symbol.asyncDispose]();
      await platform[Symbol.asyncDispose]();
    },
  };
}
