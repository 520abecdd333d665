import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Visitor } from '../../activities/visitors/visitor.ts';
import { takeNext } from '../../db/lane.ts';
import { endOperation, findOperation, type Ending } from '../../db/operations.ts';
import { makeDue } from '../../db/due.ts';
import { revokeBinding } from '../../db/tenant-bindings.ts';
import type { BindingId, EnvironmentId, EnvironmentKey, OperationId } from '../../domain/ids.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { deployBody, endProvisioning, freshName, PROVISION, readyEnvironment } from '../_support/api-states.ts';
import {
  decommissionsOf,
  dueOf,
  expiredEnvironment,
  expiresAt,
  isDueAgain,
  sweep,
  visitorOf,
} from '../_support/expiries.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

const MINUTE_MS = 60_000;
let stand: ApiStand;
let tables: TenantTables;
beforeAll(async () => {
  stand = await openApiStand();
  tables = await openTenantTables(stand.config.databaseUrl);
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  await tables.query('delete from due');
});

const pathOf = (key: EnvironmentKey) => `/v1/runtime/environments/${key.environmentId}`;
const patch = (key: EnvironmentKey, body: object) => stand.call('PATCH', pathOf(key), { body });
const decommission = async (key: EnvironmentKey) =>
  (await stand.call('POST', `${pathOf(key)}/decommission`)).body.operationId as OperationId;
const decommissions = (key: EnvironmentKey) => decommissionsOf(tables, key);
const due = (key: EnvironmentKey) => dueOf(tables, key);
const take = (key: EnvironmentKey) => stand.db.forTenant(key.tenantId, (tx) => takeNext(tx, key));
const end = (key: EnvironmentKey, id: OperationId, ending: Ending) =>
  stand.db.forTenant(key.tenantId, (tx) => endOperation(tx, key, id, ending));
const failure = { code: 'LeftoversRemain', message: 'a stack' } as const;

/** Visits as the sweep does, with something in between. */
const between = (look: () => Promise<unknown>): Visitor => ({
  async visit(row, signal) {
    const visited = await visitorOf(stand).visit(row, signal);
    await look();
    return visited;
  },
});

describe('the time of an environment', () => {
  it('is when it is looked at: given with it, moved both ways by PATCH, and forgotten by null', async () => {
    const body = { ...PROVISION, name: freshName(), expiresAt: '2100-01-01T00:00:00Z' };
    const { environmentId } = (await stand.call('POST', '/v1/runtime/environments', { body })).body;
    const key = { tenantId: 'connectsoft', environmentId: environmentId as EnvironmentId };
    expect(await due(key)).toEqual(new Date('2100-01-01T00:00:00Z'));
    for (const time of ['2101-01-01T00:00:00Z', '2099-01-01T00:00:00Z']) {
      expect((await patch(key, { expiresAt: time })).status).toBe(200);
      expect(await due(key)).toEqual(new Date(time));
    }
    await patch(key, { computeTargets: ['aks'] });
    expect(await due(key)).toEqual(new Date('2099-01-01T00:00:00Z'));
    await patch(key, { expiresAt: null });
    expect(await due(key)).toBeNull();
  });

  it('says nothing where there is none, and in a dry run', async () => {
    expect(await due(await readyEnvironment(stand))).toBeNull();
    const body = { ...PROVISION, name: freshName(), expiresAt: '2100-01-01T00:00:00Z' };
    expect((await stand.call('POST', '/v1/runtime/environments?dryRun=true', { body })).status).toBe(200);
    expect(await tables.query('select * from due')).toEqual([]);
  });
});

describe('an environment whose time has come', () => {
  it('is taken away by an ordinary decommission, whose receipt and events say that it was its expiry', async () => {
    const key = await expiredEnvironment(stand);
    const rung = stand.rings.length;
    expect(await sweep(stand)).toEqual({ visited: 1, failed: 0, left: 0 });
    expect(stand.rings.slice(rung)).toEqual([key]);
    const [{ id } = { id: '' }, ...more] = await decommissions(key);
    expect(more).toEqual([]);
    const operation = await stand.call('GET', `/v1/runtime/operations/${id}`);
    expect(operation.body).toMatchObject({ kind: 'decommission', status: 'Accepted', waitingOn: { kind: 'queue' } });
    const audit = await stand.call('GET', `/v1/runtime/audit?operationId=${id}`);
    expect(audit.body.items).toMatchObject([
      {
        ...{ subject: 'slipway/expiry', clientId: 'slipway', method: 'SWEEP', decision: 'allowed', governance: null },
        ...{ environmentId: key.environmentId, operationId: id, traceId: operation.body.traceId },
      },
    ]);
    const told = await tables.query('select type, data from events where operation_id = $1 order by revision', [id]);
    expect(told).toEqual([
      { type: 'decommission.accepted', data: { phase: 'Requested' } },
      { type: 'environment.expired', data: { expiresAt: (await stand.call('GET', pathOf(key))).body.expiresAt } },
    ]);
    expect(await take(key)).toMatchObject({ kind: 'run', operation: { id, kind: 'decommission' } });
  });

  it('is taken away once, however often it is looked at, and is looked at no more once it is gone', async () => {
    const key = await expiredEnvironment(stand);
    for (let times = 0; times < 3; times += 1) {
      await sweep(stand);
      await isDueAgain(tables, key);
    }
    const [{ id } = { id: 'op-' as const }, ...more] = await decommissions(key);
    expect(more).toEqual([]);
    await take(key);
    await sweep(stand);
    await end(key, id, { phase: 'Completed' });
    expect(await due(key)).not.toBeNull();
    await isDueAgain(tables, key);
    await sweep(stand);
    expect(await due(key)).toBeNull();
    expect(await decommissions(key)).toHaveLength(1);
  });

  it('is taken away once by many sweepers at once', async () => {
    const keys: EnvironmentKey[] = [];
    while (keys.length < 20) keys.push(await expiredEnvironment(stand));
    const turns = await Promise.all(Array.from({ length: 4 }, () => sweep(stand, { hands: 3 })));
    expect(turns.reduce((sum, { visited }) => sum + visited, 0)).toBe(20);
    for (const key of keys) expect(await decommissions(key)).toHaveLength(1);
  });

  it('is taken away once when the lease of a visitor is over before it comes to its end', async () => {
    const key = await expiredEnvironment(stand);
    const late = between(() => sweep(stand));
    expect(await sweep(stand, { visitor: late, leaseMs: 1 })).toMatchObject({ visited: 0, failed: 0 });
    expect(await decommissions(key)).toHaveLength(1);
  });

  it('is taken away by the next visit when a visitor dies before its acceptance stands', async () => {
    const key = await expiredEnvironment(stand);
    const dying: Visitor = {
      async visit(row, signal) {
        const { next, record } = await visitorOf(stand).visit(row, signal);
        const dies = () => Promise.reject(new Error('gone'));
        return { next, record: async (tx) => await record?.(tx).then(dies) };
      },
    };
    const rung = stand.rings.length;
    await sweep(stand, { visitor: dying, turnMs: 200, onError: () => undefined });
    expect(await decommissions(key)).toEqual([]);
    expect(stand.rings.length).toBe(rung);
    await isDueAgain(tables, key);
    await sweep(stand);
    expect(await decommissions(key)).toHaveLength(1);
  });

  it('waits its turn behind what was accepted before, and lets nothing in behind it', async () => {
    const key = await expiredEnvironment(stand);
    const deploy = () => stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
    expect((await deploy()).status).toBe(202);
    await sweep(stand);
    expect(await take(key)).toMatchObject({ kind: 'run', operation: { kind: 'deploy' } });
    expect(await decommissions(key)).toMatchObject([{ phase: 'Requested' }]);
    expect((await deploy()).body).toMatchObject({ code: 'EnvironmentNotReady' });
  });

  it('is left to the decommission that somebody asked for', async () => {
    const [before, meanwhile] = [await expiredEnvironment(stand), await expiredEnvironment(stand)];
    const asked = await decommission(before);
    await sweep(stand, { visitor: between(() => decommission(meanwhile)) });
    expect(await decommissions(before)).toMatchObject([{ id: asked }]);
    expect(await decommissions(meanwhile)).toHaveLength(1);
    const own = await tables.query("select * from requests where method = 'SWEEP' and environment_id = any($1)", [
      [before.environmentId, meanwhile.environmentId],
    ]);
    expect(own).toEqual([]);
  });

  it('stays when its time is moved before that, even while a visitor is at it', async () => {
    const key = await expiredEnvironment(stand);
    const later = '2100-01-01T00:00:00.000Z';
    await sweep(stand, { visitor: between(() => patch(key, { expiresAt: later })) });
    expect(await decommissions(key)).toEqual([]);
    expect(await due(key)).toEqual(new Date(later));
    await sweep(stand);
    expect(await decommissions(key)).toEqual([]);
  });

  it('is not promised to stay once it is to be taken away', async () => {
    const key = await expiredEnvironment(stand);
    await sweep(stand);
    const [{ id } = { id: '' }] = await decommissions(key);
    for (const body of [{ expiresAt: null }, { expiresAt: '2100-01-01T00:00:00Z' }, { computeTargets: ['aks'] }]) {
      const refused = await patch(key, body);
      expect({ status: refused.status, ...refused.body }).toMatchObject({
        ...{ status: 409, code: 'EnvironmentNotReady', operationId: id },
      });
    }
  });

  it('is tried again when it could not be taken away, with pauses that grow up to a day', async () => {
    const key = await expiredEnvironment(stand);
    const pauseAfter = async (hours: number) => {
      await tables.query("update environments set expires_at = now() - $2 * interval '1 hour' where id = $1", [
        key.environmentId,
        hours,
      ]);
      await isDueAgain(tables, key);
      await sweep(stand);
      const operation = (await decommissions(key)).at(-1);
      if (!operation) throw new Error('nothing was tried');
      await take(key);
      await end(key, operation.id, { phase: 'Failed', failure });
      return Math.round(((await due(key))?.getTime() ?? 0) / MINUTE_MS - Date.now() / MINUTE_MS);
    };
    expect([await pauseAfter(0), await pauseAfter(2), await pauseAfter(9_000)]).toEqual([15, 120, 24 * 60]);
    expect((await stand.call('GET', pathOf(key))).body.status).toBe('DecommissionBlocked');
    expect(await decommissions(key)).toHaveLength(3);
  });

  it('has nothing to be taken away when it could not be made', async () => {
    const body = { ...PROVISION, name: freshName(), stage: 'dev', expiresAt: '2100-01-01T00:00:00Z' };
    const made = await stand.call('POST', '/v1/runtime/environments', { body });
    const key = { tenantId: 'connectsoft', environmentId: made.body.environmentId as EnvironmentId };
    await endProvisioning(stand.db, key, 'Failed');
    await expiresAt(stand, key, new Date(Date.now() - 1_000));
    await sweep(stand);
    expect(await decommissions(key)).toEqual([]);
    expect(await due(key)).toBeNull();
  });

  it('is taken away after its provision when that is not done yet', async () => {
    const body = { ...PROVISION, name: freshName(), stage: 'dev', expiresAt: '2100-01-01T00:00:00Z' };
    const made = await stand.call('POST', '/v1/runtime/environments', { body });
    const key = { tenantId: 'connectsoft', environmentId: made.body.environmentId as EnvironmentId };
    await expiresAt(stand, key, new Date(Date.now() - 1_000));
    await sweep(stand);
    expect(await take(key)).toMatchObject({ operation: { kind: 'provision' } });
    expect(await decommissions(key)).toMatchObject([{ phase: 'Requested', seq: 2 }]);
  });

  it('is taken away whether its tenant may reach it still or not', async () => {
    const key = await expiredEnvironment(stand);
    const [binding] = await tables.query<{ id: BindingId }>(
      'select id from tenant_bindings where environment_id = $1',
      [key.environmentId],
    );
    await stand.db.forTenant(key.tenantId, (tx) => revokeBinding(tx, key.tenantId, binding?.id ?? 'tb-'));
    await sweep(stand);
    expect(await decommissions(key)).toHaveLength(1);
  });
});

describe('a tenant', () => {
  it("has its environments taken away in its own name, and sees nothing of another's", async () => {
    const theirs = await expiredEnvironment(stand, { tenantId: 'fabrikam' });
    await sweep(stand);
    const [{ id } = { id: '' as OperationId }] = await decommissions(theirs);
    const seenBy = (tenantId: string) => stand.db.forTenant(tenantId, (tx) => findOperation(tx, tenantId, id));
    expect(await seenBy('fabrikam')).toMatchObject({ tenantId: 'fabrikam', kind: 'decommission' });
    expect(await seenBy('connectsoft')).toBeNull();
    const audit = await stand.call('GET', `/v1/runtime/audit?environmentId=${theirs.environmentId}`);
    expect(audit.body.items).toEqual([]);
    const own = await stand.call(
      'GET',
      `/v1/runtime/audit?subject=slipway/expiry&environmentId=${theirs.environmentId}`,
      {
        token: { tenant: 'fabrikam' },
      },
    );
    expect(own.body.items).toHaveLength(1);
  });

  it("cannot have another's taken away by a row of its own", async () => {
    const theirs = await expiredEnvironment(stand, { tenantId: 'fabrikam' });
    await tables.query('delete from due');
    const row = { ...theirs, tenantId: 'connectsoft', kind: 'expiry', subject: 'environment' } as const;
    await stand.db.forTenant('connectsoft', (tx) => makeDue(tx, row, new Date()));
    await sweep(stand);
    expect(await decommissions(theirs)).toEqual([]);
    expect(await due(theirs)).toBeNull();
  });
});
