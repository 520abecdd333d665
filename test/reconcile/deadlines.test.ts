import { Client } from 'pg';
import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { findApproval } from '../../db/approvals.ts';
import { openDatabase, type Database } from '../../db/client.ts';
import { makeDue } from '../../db/due.ts';
import { findEnvironment, insertEnvironment } from '../../db/environments.ts';
import { holdForApproval } from '../../db/held-operations.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { newId } from '../../db/new-id.ts';
import { takeNext } from '../../db/lane.ts';
import { acceptOperation, endOperation, findOperation } from '../../db/operations.ts';
import type { Judged } from '../../domain/governed.ts';
import type { ApprovalId, EnvironmentKey, OperationId } from '../../domain/ids.ts';
import type { OperationKind } from '../../domain/phases.ts';
import { openEnsureSweeps, openRing, openTell } from '../../workflows/client.ts';
import { reconcileOnce, type ReconcileOptions } from '../../workflows/reconcile.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';

const TENANT = 'connectsoft';
/** Past the deadline by more than any holder of it may take. */
const LONG_AGO = -3_600;
let platform: TestPlatform;
let db: Database;
let temporal: ReturnType<typeof openTemporal>;
let errors: unknown[];

beforeAll(async () => {
  platform = await openTestPlatform({ parts: ['postgres', 'temporal'] });
  await migrateDatabase(platform.config.databaseUrl);
  db = openDatabase({ url: platform.config.databaseUrl });
  temporal = openTemporal(platform.config.temporal);
});
beforeEach(() => {
  errors = [];
});
afterAll(async () => {
  await temporal?.connection.close();
  await db?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const options = (change: Partial<ReconcileOptions> = {}): ReconcileOptions => ({
  db,
  ...temporal,
  taskQueue: 'nobody-listens',
  ring: openRing({ client: temporal.client, taskQueue: 'nobody-listens' }),
  ensureSweeps: openEnsureSweeps({ client: temporal.client, taskQueue: 'nobody-listens' }),
  tell: openTell({ client: temporal.client }),
  signal: new AbortController().signal,
  graceMs: -1_000,
  onError: (error) => errors.push(error),
  ...change,
});

async function environment(): Promise<EnvironmentKey> {
  const key = { tenantId: TENANT, environmentId: newId('env') };
  const names = { projectId: 'proj', name: key.environmentId, pulumiStackRef: key.environmentId, region: 'westeurope' };
  await db.forTenant(TENANT, (tx) =>
    insertEnvironment(tx, {
      ...names,
      tenantId: TENANT,
      id: key.environmentId,
      stage: 'dev',
      isolationModel: 'pool',
      computeTargets: ['aks'],
      traceId: 'trace-1',
    }),
  );
  return key;
}

/** An accepted operation that has so many seconds, and is claimed if the lane asks for it. */
async function accept(key: EnvironmentKey, kind: OperationKind, budgetSeconds: number): Promise<OperationId> {
  const id = newId('op');
  await db.forTenant(TENANT, (tx) =>
    acceptOperation(tx, { ...key, id, kind, budgetSeconds, reserveSeconds: 0, traceId: 'trace-1' }),
  );
  return id;
}

const claim = (key: EnvironmentKey) => db.forTenant(TENANT, (tx) => takeNext(tx, key));
const row = (id: OperationId) => db.forTenant(TENANT, (tx) => findOperation(tx, TENANT, id));
const statusOf = async (key: EnvironmentKey) => (await db.forTenant(TENANT, (tx) => findEnvironment(tx, key)))?.status;

/** So far in the past that the four hours an operation may wait are over too. */
const EXPIRED = -5 * 3_600;

describe('reconcile', () => {
  it('ends an operation that is past its deadline, and has what it changed converged', async () => {
    const key = await environment();
    const id = await accept(key, 'provision', LONG_AGO);
    await claim(key);
    await reconcileOnce(options());
    expect(await row(id)).toMatchObject({ status: 'Failed', failure: { code: 'DeadlineExceeded' } });
    expect(await claim(key)).toEqual({ kind: 'converge', what: 'stack' });
  });

  it('blocks an environment whose decommission is past its deadline, and has nothing of it brought back', async () => {
    const key = await environment();
    const provision = await accept(key, 'provision', 600);
    await claim(key);
    await db.forTenant(TENANT, (tx) => endOperation(tx, key, provision, { phase: 'Completed' }));
    const id = await accept(key, 'decommission', LONG_AGO);
    await claim(key);
    const fence = (await db.forTenant(TENANT, (tx) => findEnvironment(tx, key)))?.fence ?? 0;
    await reconcileOnce(options());
    expect(await row(id)).toMatchObject({ status: 'Failed', failure: { code: 'DeadlineExceeded' } });
    const after = await db.forTenant(TENANT, (tx) => findEnvironment(tx, key));
    expect(after).toMatchObject({ status: 'DecommissionBlocked', convergeReason: null });
    expect(after?.fence).toBeGreaterThan(fence);
    expect(await claim(key)).toEqual({ kind: 'idle' });
  });

  it('ends it while Temporal cannot be reached', async () => {
    const key = await environment();
    const id = await accept(key, 'provision', LONG_AGO);
    await claim(key);
    const away = openTemporal({ ...platform.config.temporal, address: '127.0.0.1:1' });
    await expect(reconcileOnce(options(away))).rejects.toThrow();
    expect((await row(id))?.status).toBe('Failed');
    await away.connection.close();
  });

  it('ends it, pass after pass, while Temporal takes calls and answers none', async () => {
    const key = await environment();
    const first = await accept(key, 'provision', LONG_AGO);
    await reconcileOnce(options());
    await claim(key);
    platform.platform.children.temporal?.kill('SIGSTOP');
    try {
      await expect(reconcileOnce(options())).rejects.toThrow();
      expect((await row(first))?.status).toBe('Failed');
      const other = await environment();
      const second = await accept(other, 'provision', LONG_AGO);
      await claim(other);
      await expect(reconcileOnce(options())).rejects.toThrow();
      expect((await row(second))?.status).toBe('Failed');
    } finally {
      platform.platform.children.temporal?.kill('SIGCONT');
    }
    errors = [];
    await reconcileOnce(options());
    expect(errors).toEqual([]);
  });

  it('lets an operation expire that was never begun, without a hand on the one that is at work', async () => {
    const key = await environment();
    const active = await accept(key, 'provision', 600);
    await claim(key);
    const queued = await accept(key, 'deploy', EXPIRED);
    const before = await db.forTenant(TENANT, (tx) => findEnvironment(tx, key));
    await reconcileOnce(options());
    expect(await row(queued)).toMatchObject({
      ...{ phase: 'Expired', traceId: 'trace-1' },
      failure: {
        code: 'DeadlineExceeded',
        heldBy: active,
        message: expect.stringContaining(active),
        traceId: 'trace-1',
      },
    });
    expect((await row(active))?.status).toBe('Updating');
    const after = await db.forTenant(TENANT, (tx) => findEnvironment(tx, key));
    expect({ status: after?.status, fence: after?.fence }).toEqual({ status: before?.status, fence: before?.fence });
  });

  it('frees the name of an environment whose provisioning was never begun', async () => {
    const key = await environment();
    await accept(key, 'provision', EXPIRED);
    await reconcileOnce(options());
    expect(await statusOf(key)).toBe('Failed');
  });

  it('rings the lane of work that nobody has rung for, once', async () => {
    const key = await environment();
    await accept(key, 'provision', 600);
    await reconcileOnce(options());
    const lane = temporal.client.workflow.getHandle(`lane/${key.environmentId}`);
    expect((await lane.describe()).status.name).toBe('RUNNING');
    await reconcileOnce(options());
    const signals = (await lane.fetchHistory()).events?.filter(
      (event) => event.workflowExecutionSignaledEventAttributes,
    );
    expect(signals).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('starts a sweep where there is something to visit, once, and none where there is nothing', async () => {
    const sweep = temporal.client.workflow.getHandle('sweep/health');
    await reconcileOnce(options());
    await expect(sweep.describe()).rejects.toThrow(WorkflowNotFoundError);
    const key = await environment();
    await db.forTenant(TENANT, (tx) => makeDue(tx, { ...key, kind: 'health', subject: 'api' }, new Date()));
    await reconcileOnce(options());
    const { runId, status } = await sweep.describe();
    expect(status.name).toBe('RUNNING');
    await reconcileOnce(options());
    expect((await sweep.describe()).runId).toBe(runId);
    expect(errors).toEqual([]);
  });
});

describe('reconcile, of what waits for an approval', () => {
  const JUDGED: Judged = {
    ...{ action: 'environments.provision', stage: 'prod', subject: 'alice', clientId: 'studio', facts: {} },
    ...{ intentHash: 'of-the-intent', planHash: 'of-the-plan', approvalId: null },
  };

  /** An operation that waits; the approval expires so many seconds from now. */
  async function hold(key: EnvironmentKey, kind: OperationKind, expiresInSeconds: number) {
    const budgetSeconds = 600;
    const id = await accept(key, kind, budgetSeconds);
    const approvalId = newId('apr');
    await db.forTenant(TENANT, async (tx) => {
      const operation = await findOperation(tx, TENANT, id);
      if (!operation) throw new Error(`${id} is not there`);
      const deadlineAt = new Date(Date.now() + (budgetSeconds + expiresInSeconds) * 1000);
      await holdForApproval(tx, { ...operation, deadlineAt }, JUDGED, {
        ...{ id: approvalId, externalId: null, reasons: ['four-eyes'], obligations: [] },
      });
    });
    return { id, approvalId };
  }
  const approval = (id: ApprovalId) => db.forTenant(TENANT, (tx) => findApproval(tx, TENANT, id));

  it('ends what nobody has decided in time while Temporal cannot be reached, and leaves the environment as it is', async () => {
    const key = await environment();
    const active = await accept(key, 'provision', 600);
    await claim(key);
    const { id, approvalId } = await hold(key, 'deploy', -1);
    const before = await db.forTenant(TENANT, (tx) => findEnvironment(tx, key));
    const away = openTemporal({ ...platform.config.temporal, address: '127.0.0.1:1' });
    await expect(reconcileOnce(options(away))).rejects.toThrow();
    await away.connection.close();
    expect(await row(id)).toMatchObject({
      phase: 'Expired',
      status: 'Failed',
      waitingOn: null,
      failure: { code: 'ApprovalExpired', message: expect.stringContaining(approvalId) },
    });
    expect((await approval(approvalId))?.status).toBe('Expired');
    expect((await row(active))?.status).toBe('Updating');
    const after = await db.forTenant(TENANT, (tx) => findEnvironment(tx, key));
    expect({ status: after?.status, fence: after?.fence }).toEqual({ status: before?.status, fence: before?.fence });
  });

  it('frees the name of an environment that nobody approved', async () => {
    const key = await environment();
    await hold(key, 'provision', -1);
    await reconcileOnce(options());
    expect(await statusOf(key)).toBe('Failed');
    expect(errors).toEqual([]);
  });

  it('leaves what can still be decided, and rings no lane for it or for what waits behind it', async () => {
    const key = await environment();
    const { id, approvalId } = await hold(key, 'provision', 3_600);
    await accept(key, 'deploy', 600);
    await reconcileOnce(options());
    expect((await row(id))?.status).toBe('Accepted');
    expect((await approval(approvalId))?.status).toBe('Pending');
    const lane = temporal.client.workflow.getHandle(`lane/${key.environmentId}`);
    await expect(lane.describe()).rejects.toThrow(/not found/i);
  });

  it('ends it by the deadline of the operation too, and its approval with it', async () => {
    const key = await environment();
    const { id, approvalId } = await hold(key, 'provision', 3_600);
    const sql = new Client({ connectionString: platform.config.databaseUrl });
    await sql.connect();
    await sql.query("update operations set deadline_at = now() - interval '1 hour' where id = $1", [id]);
    await sql.end();
    await reconcileOnce(options());
    const failure = { code: 'DeadlineExceeded', heldBy: approvalId, message: expect.stringContaining(approvalId) };
    expect(await row(id)).toMatchObject({ phase: 'Expired', failure });
    expect((await approval(approvalId))?.status).toBe('Expired');
  });
});
