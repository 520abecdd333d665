import { Client } from 'pg';
import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { findApproval } from '../../db/approvals.ts';
import { makeDue } from '../../db/due.ts';
import { findEnvironment } from '../../db/environments.ts';
import { holdForApproval } from '../../db/held-operations.ts';
import { newId } from '../../db/new-id.ts';
import { endOperation, findOperation } from '../../db/operations.ts';
import type { Judged } from '../../domain/governed.ts';
import type { ApprovalId, EnvironmentKey } from '../../domain/ids.ts';
import type { OperationKind } from '../../domain/phases.ts';
import { openReconcileStand, TENANT, type ReconcileStand } from '../_support/reconcile-stand.ts';

/** Past the deadline by more than any holder of it may take. */
const LONG_AGO = -3_600;
let stand: ReconcileStand;
let platform: ReconcileStand['platform'];
let db: ReconcileStand['db'];
let temporal: ReconcileStand['temporal'];

beforeAll(async () => {
  stand = await openReconcileStand();
  ({ platform, db, temporal } = stand);
});
beforeEach(() => {
  stand.errors.length = 0;
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

const statusOf = async (key: EnvironmentKey) => (await db.forTenant(TENANT, (tx) => findEnvironment(tx, key)))?.status;

/** So far in the past that the four hours an operation may wait are over too. */
const EXPIRED = -5 * 3_600;

describe('reconcile', () => {
  it('ends an operation that is past its deadline, and has what it changed converged', async () => {
    const key = await stand.environment();
    const id = await stand.accept(key, 'provision', LONG_AGO);
    await stand.claim(key);
    await stand.pass();
    expect(await stand.row(id)).toMatchObject({ status: 'Failed', failure: { code: 'DeadlineExceeded' } });
    expect(await stand.claim(key)).toEqual({ kind: 'converge', what: 'stack' });
  });

  it('blocks an environment whose decommission is past its deadline, and has nothing of it brought back', async () => {
    const key = await stand.environment();
    const provision = await stand.accept(key, 'provision', 600);
    await stand.claim(key);
    await db.forTenant(TENANT, (tx) => endOperation(tx, key, provision, { phase: 'Completed' }));
    const id = await stand.accept(key, 'decommission', LONG_AGO);
    await stand.claim(key);
    const fence = (await db.forTenant(TENANT, (tx) => findEnvironment(tx, key)))?.fence ?? 0;
    await stand.pass();
    expect(await stand.row(id)).toMatchObject({ status: 'Failed', failure: { code: 'DeadlineExceeded' } });
    const after = await db.forTenant(TENANT, (tx) => findEnvironment(tx, key));
    expect(after).toMatchObject({ status: 'DecommissionBlocked', convergeReason: null });
    expect(after?.fence).toBeGreaterThan(fence);
    expect(await stand.claim(key)).toEqual({ kind: 'idle' });
  });

  it('ends it while Temporal cannot be reached', async () => {
    const key = await stand.environment();
    const id = await stand.accept(key, 'provision', LONG_AGO);
    await stand.claim(key);
    const away = openTemporal({ ...platform.config.temporal, address: '127.0.0.1:1' });
    await expect(stand.pass(away)).rejects.toThrow();
    expect((await stand.row(id))?.status).toBe('Failed');
    await away.connection.close();
  });

  it('ends it, pass after pass, while Temporal takes calls and answers none', async () => {
    const key = await stand.environment();
    const first = await stand.accept(key, 'provision', LONG_AGO);
    await stand.pass();
    await stand.claim(key);
    platform.platform.children.temporal?.kill('SIGSTOP');
    try {
      await expect(stand.pass()).rejects.toThrow();
      expect((await stand.row(first))?.status).toBe('Failed');
      const other = await stand.environment();
      const second = await stand.accept(other, 'provision', LONG_AGO);
      await stand.claim(other);
      await expect(stand.pass()).rejects.toThrow();
      expect((await stand.row(second))?.status).toBe('Failed');
    } finally {
      platform.platform.children.temporal?.kill('SIGCONT');
    }
    stand.errors.length = 0;
    await stand.pass();
    expect(stand.errors).toEqual([]);
  });

  it('lets an operation expire that was never begun, without a hand on the one that is at work', async () => {
    const key = await stand.environment();
    const active = await stand.accept(key, 'provision', 600);
    await stand.claim(key);
    const queued = await stand.accept(key, 'deploy', EXPIRED);
    const before = await db.forTenant(TENANT, (tx) => findEnvironment(tx, key));
    await stand.pass();
    expect(await stand.row(queued)).toMatchObject({
      ...{ phase: 'Expired', traceId: 'trace-1' },
      failure: {
        code: 'DeadlineExceeded',
        heldBy: active,
        message: expect.stringContaining(active),
        traceId: 'trace-1',
      },
    });
    expect((await stand.row(active))?.status).toBe('Updating');
    const after = await db.forTenant(TENANT, (tx) => findEnvironment(tx, key));
    expect({ status: after?.status, fence: after?.fence }).toEqual({ status: before?.status, fence: before?.fence });
  });

  it('frees the name of an environment whose provisioning was never begun', async () => {
    const key = await stand.environment();
    await stand.accept(key, 'provision', EXPIRED);
    await stand.pass();
    expect(await statusOf(key)).toBe('Failed');
  });

  it('rings the lane of work that nobody has rung for, once', async () => {
    const key = await stand.environment();
    await stand.accept(key, 'provision', 600);
    await stand.pass();
    const lane = temporal.client.workflow.getHandle(`lane/${key.environmentId}`);
    expect((await lane.describe()).status.name).toBe('RUNNING');
    await stand.pass();
    const signals = (await lane.fetchHistory()).events?.filter(
      (event) => event.workflowExecutionSignaledEventAttributes,
    );
    expect(signals).toHaveLength(1);
    expect(stand.errors).toEqual([]);
  });

  it('starts a sweep where there is something to visit, once, and none where there is nothing', async () => {
    const sweep = temporal.client.workflow.getHandle('sweep/health');
    await stand.pass();
    await expect(sweep.describe()).rejects.toThrow(WorkflowNotFoundError);
    const key = await stand.environment();
    await db.forTenant(TENANT, (tx) => makeDue(tx, { ...key, kind: 'health', subject: 'api' }, new Date()));
    await stand.pass();
    const { runId, status } = await sweep.describe();
    expect(status.name).toBe('RUNNING');
    await stand.pass();
    expect((await sweep.describe()).runId).toBe(runId);
    expect(stand.errors).toEqual([]);
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
    const id = await stand.accept(key, kind, budgetSeconds);
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
    const key = await stand.environment();
    const active = await stand.accept(key, 'provision', 600);
    await stand.claim(key);
    const { id, approvalId } = await hold(key, 'deploy', -1);
    const before = await db.forTenant(TENANT, (tx) => findEnvironment(tx, key));
    const away = openTemporal({ ...platform.config.temporal, address: '127.0.0.1:1' });
    await expect(stand.pass(away)).rejects.toThrow();
    await away.connection.close();
    expect(await stand.row(id)).toMatchObject({
      phase: 'Expired',
      status: 'Failed',
      waitingOn: null,
      failure: { code: 'ApprovalExpired', message: expect.stringContaining(approvalId) },
    });
    expect((await approval(approvalId))?.status).toBe('Expired');
    expect((await stand.row(active))?.status).toBe('Updating');
    const after = await db.forTenant(TENANT, (tx) => findEnvironment(tx, key));
    expect({ status: after?.status, fence: after?.fence }).toEqual({ status: before?.status, fence: before?.fence });
  });

  it('frees the name of an environment that nobody approved', async () => {
    const key = await stand.environment();
    await hold(key, 'provision', -1);
    await stand.pass();
    expect(await statusOf(key)).toBe('Failed');
    expect(stand.errors).toEqual([]);
  });

  it('leaves what can still be decided, and rings no lane for it or for what waits behind it', async () => {
    const key = await stand.environment();
    const { id, approvalId } = await hold(key, 'provision', 3_600);
    await stand.accept(key, 'deploy', 600);
    await stand.pass();
    expect((await stand.row(id))?.status).toBe('Accepted');
    expect((await approval(approvalId))?.status).toBe('Pending');
    const lane = temporal.client.workflow.getHandle(`lane/${key.environmentId}`);
    await expect(lane.describe()).rejects.toThrow(/not found/i);
  });

  it('ends it by the deadline of the operation too, and its approval with it', async () => {
    const key = await stand.environment();
    const { id, approvalId } = await hold(key, 'provision', 3_600);
    const sql = new Client({ connectionString: platform.config.databaseUrl });
    await sql.connect();
    await sql.query("update operations set deadline_at = now() - interval '1 hour' where id = $1", [id]);
    await sql.end();
    await stand.pass();
    const failure = { code: 'DeadlineExceeded', heldBy: approvalId, message: expect.stringContaining(approvalId) };
    expect(await stand.row(id)).toMatchObject({ phase: 'Expired', failure });
    expect((await approval(approvalId))?.status).toBe('Expired');
  });
});
