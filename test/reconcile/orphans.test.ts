/** Workflows that the rows do not know, as after a database was put back to before they were accepted. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { findEnvironment, setEnvironmentStatus, setLiveSnapshot } from '../../db/environments.ts';
import { eventsOfOperation } from '../../db/events.ts';
import { newId } from '../../db/new-id.ts';
import { endOperation, setWaitingOn } from '../../db/operations.ts';
import { insertSnapshot } from '../../db/snapshots.ts';
import { lookOf, PLATFORM } from '../../db/temporal-looks.ts';
import { EMPTY_SNAPSHOT } from '../../domain/snapshot.ts';
import { laneWorkflowId, type EnvironmentKey, type OperationId } from '../../domain/ids.ts';
import { laneAttributes } from '../../workflows/messages.ts';
import { settleOrphans, type OrphanOptions } from '../../workflows/orphans.ts';
import { ensureTemporal } from '../../workflows/temporal.ts';
import { listedWorkflows } from '../_support/listed-workflows.ts';
import { openReconcileStand, QUEUE, TENANT, type ReconcileStand } from '../_support/reconcile-stand.ts';
import { backUp } from '../_support/restore-database.ts';
import { until } from '../_support/until.ts';

let stand: ReconcileStand;
let platform: ReconcileStand['platform'];
let db: ReconcileStand['db'];
let temporal: ReconcileStand['temporal'];
type Listed = ReturnType<typeof listedWorkflows>;
let workflow: Listed['workflow'];
let closed: Listed['closed'];
let listedAs: Listed['listedAs'];
let statusOf: Listed['statusOf'];

beforeAll(async () => {
  stand = await openReconcileStand();
  ({ platform, db, temporal } = stand);
  ({ workflow, closed, listedAs, statusOf } = listedWorkflows(temporal.client, QUEUE));
  await ensureTemporal(temporal.connection, platform.config.temporal.namespace);
});
beforeEach(() => {
  stand.errors.length = 0;
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

const look = (change: Partial<OrphanOptions> = {}) => settleOrphans({ ...stand.options({ lagMs: 0 }), ...change });

const newKey = (tenantId = TENANT): EnvironmentKey => ({ tenantId, environmentId: newId('env') });

/** One that is in use. */
async function environment(name?: string): Promise<EnvironmentKey> {
  const key = await stand.environment(name);
  await db.forTenant(TENANT, async (tx) => {
    await setEnvironmentStatus(tx, key, ['Provisioning'], 'Ready');
    await setLiveSnapshot(tx, key, null, await insertSnapshot(tx, key, EMPTY_SNAPSHOT));
  });
  return key;
}

const rowOf = (key: EnvironmentKey) => db.forTenant(key.tenantId, (tx) => findEnvironment(tx, key));
const eventsOf = async (id: OperationId) =>
  (await db.forTenant(TENANT, (tx) => eventsOfOperation(tx, TENANT, id))).map(({ type, data }) => ({ type, data }));

async function position(): Promise<Date | null> {
  const { namespace } = platform.config.temporal;
  const { namespaceInfo } = await temporal.connection.workflowService.describeNamespace({ namespace });
  return (await db.forTenant(PLATFORM, (tx) => lookOf(tx, namespaceInfo?.id ?? ''))).comparedUntil;
}

async function asOwner(statement: string): Promise<void> {
  const client = new Client({ connectionString: platform.config.databaseUrl });
  await client.connect();
  await client.query(statement);
  await client.end();
}

describe('a workflow without a row', () => {
  it('that runs is fenced off and terminated, and what it did is to be brought back', async () => {
    const key = await environment();
    const fence = (await rowOf(key))?.fence ?? 0;
    const id = await workflow(key, 'deploy');
    await look();
    expect(await statusOf(id)).toBe('TERMINATED');
    const after = await rowOf(key);
    expect(after).toMatchObject({ status: 'Ready', convergeReason: expect.stringContaining(id) });
    expect(after?.fence).toBeGreaterThan(fence);
    expect(await eventsOf(id)).toEqual([{ type: 'environment.operationForgotten', data: { kind: 'deploy' } }]);
    expect(await statusOf(laneWorkflowId(key.environmentId))).toBe('RUNNING');
    expect(stand.errors).toEqual([]);
  });

  it('that has closed is found too, and once', async () => {
    const key = await environment();
    const id = await closed(key, 'deploy');
    await look();
    const first = await rowOf(key);
    expect(first?.convergeReason).toContain(id);
    await asOwner(`update environments set converge_reason = null where id = '${key.environmentId}'`);
    await asOwner(`update temporal_looks set compared_until = compared_until - interval '1 minute'`);
    await look();
    expect(await rowOf(key)).toMatchObject({ convergeReason: null, fence: first?.fence });
    expect(await eventsOf(id)).toHaveLength(1);
  });

  it('that was only a scan leaves nothing to bring back', async () => {
    const key = await environment();
    const id = await workflow(key, 'driftScan');
    await look();
    expect(await statusOf(id)).toBe('TERMINATED');
    expect(await rowOf(key)).toMatchObject({ status: 'Ready', convergeReason: null });
  });

  it('that took the environment away has nothing of it brought back', async () => {
    const key = await environment();
    await closed(key, 'decommission');
    await look();
    const blocked = { status: 'DecommissionBlocked', convergeReason: null, liveSnapshotId: null };
    expect(await rowOf(key)).toMatchObject(blocked);
  });

  it('is left alone when it is of another platform in the same namespace', async () => {
    const key = await environment();
    const id = await workflow(key, 'deploy', { taskQueue: 'of-somebody-else' });
    await look();
    expect(await statusOf(id)).toBe('RUNNING');
    expect((await rowOf(key))?.convergeReason).toBeNull();
  });

  it('touches nothing of the environment of another tenant than its own', async () => {
    const key = await environment();
    const id = await workflow({ ...key, tenantId: 'fabrikam' }, 'deploy');
    const before = await rowOf(key);
    await look();
    expect(await rowOf(key)).toEqual(before);
    expect(stand.errors.map(String)).toEqual([
      expect.stringContaining(`${id} has worked in ${key.environmentId} of fabrikam`),
    ]);
  });
});

describe('a workflow with a row', () => {
  it('is left alone, whether it runs or has closed', async () => {
    const key = await environment();
    const begun = async () => {
      const id = await stand.accept(key, 'deploy', 600);
      await stand.claim(key);
      return id;
    };
    const ended = await begun();
    await db.forTenant(TENANT, (tx) => endOperation(tx, key, ended, { phase: 'Failed' }));
    await closed(key, 'deploy', { id: ended });
    const running = await workflow(key, 'deploy', { id: await begun() });
    const before = await rowOf(key);
    await look();
    expect(await statusOf(running)).toBe('RUNNING');
    expect(await rowOf(key)).toEqual(before);
  });
});

describe('a workflow whose row has not begun', () => {
  it('has, in a time that is lost: it is found, once, and what it did is to be brought back', async () => {
    const key = await environment();
    const id = await closed(key, 'deploy', { id: await stand.accept(key, 'deploy', 600) });
    const waiting = { kind: 'approval', reference: 'apr-1' } as const;
    await db.forTenant(TENANT, (tx) => setWaitingOn(tx, TENANT, id, waiting));
    await look();
    expect((await rowOf(key))?.convergeReason).toContain(id);
    expect((await stand.row(id))?.waitingOn).toMatchObject(waiting);
    await asOwner(`update environments set converge_reason = null where id = '${key.environmentId}'`);
    await asOwner(`update temporal_looks set compared_until = compared_until - interval '1 minute'`);
    await look();
    expect((await rowOf(key))?.convergeReason).toBeNull();
  });
});

describe('an environment without a row', () => {
  it('is written down again as something to be taken away, under its name, and nothing of it is touched', async () => {
    const key = newKey();
    const [provision, deploy] = [await closed(key, 'provision', { summary: 'provision lost-one' }), newId('op')];
    await workflow(key, 'deploy', { id: deploy });
    await look();
    expect(await rowOf(key)).toMatchObject({
      ...{ name: 'lost-one', pulumiStackRef: 'lost-one', stage: 'dev' },
      ...{ status: 'DecommissionBlocked', convergeReason: null },
    });
    expect(await eventsOf(provision)).toEqual([{ type: 'environment.recovered', data: {} }]);
    expect(await statusOf(deploy)).toBe('TERMINATED');
    await look();
    expect(await eventsOf(provision)).toHaveLength(1);
    expect(stand.errors).toEqual([]);
  });

  it('does not own a stack whose name was given to another since', async () => {
    await environment('taken-since');
    const key = newKey();
    await closed(key, 'provision', { summary: 'provision taken-since' });
    await look();
    expect((await rowOf(key))?.status).toBe('Failed');
  });

  it('owns the stack of its name when the one that had it was taken away before, in the same lost time', async () => {
    const old = await environment('used-again');
    const key = newKey();
    await closed(old, 'decommission');
    await closed(key, 'provision', { summary: 'provision used-again' });
    await look();
    expect([await rowOf(old), await rowOf(key)]).toMatchObject([
      // It has no stack: whoever takes it away now touches none.
      { name: 'used-again', status: 'Failed', liveSnapshotId: null },
      { name: 'used-again', status: 'DecommissionBlocked' },
    ]);
    expect(stand.errors).toEqual([]);
  });

  it('has its lane ended, which has nothing to do', async () => {
    const key = newKey();
    const workflowId = laneWorkflowId(key.environmentId);
    const attributes = laneAttributes(key);
    await temporal.client.workflow.start('lane', {
      ...{ workflowId, taskQueue: QUEUE, args: [key], typedSearchAttributes: attributes },
    });
    await listedAs(workflowId, 'Running');
    await look();
    expect(await statusOf(workflowId)).toBe('TERMINATED');
  });
});

describe('how far it has looked', () => {
  it('is put back with the database: what was passed before is found', async () => {
    const key = await environment();
    await look();
    const restore = await backUp(platform.config.databaseUrl);
    await until(() => db.ping().then(() => true), { what: 'the database to answer' });
    const at = await position();
    const id = await stand.accept(key, 'deploy', 600);
    await stand.claim(key);
    await closed(key, 'deploy', { id });
    await look();
    expect((await position())?.getTime()).toBeGreaterThan(at?.getTime() ?? Infinity);
    expect((await rowOf(key))?.convergeReason).toBeNull();
    await restore();
    await until(() => db.ping().then(() => true), { what: 'the database to answer' });
    expect(await position()).toEqual(at);
    await look();
    expect((await rowOf(key))?.convergeReason).toContain(id);
  });

  it('stays where it was when Temporal cannot be asked: that is not "there is none"', async () => {
    await look();
    const at = await position();
    const away = openTemporal({ ...platform.config.temporal, address: '127.0.0.1:1' });
    await expect(look(away)).rejects.toThrow();
    await away.connection.close();
    expect(await position()).toEqual(at);
  });

  it('makes up for a long time in several looks', async () => {
    await look();
    await asOwner(`update temporal_looks set compared_until = now() - interval '10 hours'`);
    const began = Date.now();
    await look();
    expect((await position())?.getTime()).toBeLessThan(began - 3 * 3_600_000);
    await look();
    expect((await position())?.getTime()).toBeGreaterThanOrEqual(began);
  });

  it('is nothing for a Temporal that was made anew: everything in use is looked at', async () => {
    const key = await environment();
    const gone = await environment();
    await db.forTenant(TENANT, (tx) => setEnvironmentStatus(tx, gone, ['Ready'], 'DecommissionBlocked'));
    await look();
    await asOwner(`update temporal_looks set namespace_id = 'another'`);
    await look();
    expect((await rowOf(key))?.convergeReason).toBe('Temporal has lost what it knew');
    expect((await rowOf(gone))?.convergeReason).toBeNull();
    await asOwner(`update environments set converge_reason = null where id = '${key.environmentId}'`);
    await look();
    expect((await rowOf(key))?.convergeReason).toBeNull();
  });
});
