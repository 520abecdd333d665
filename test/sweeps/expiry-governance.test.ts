import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { takeNext } from '../../db/lane.ts';
import type { EnvironmentKey, OperationId } from '../../domain/ids.ts';
import { openHttpGovernance } from '../../providers/governance/http.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { awaited, cedarOf, decide, FOUR_EYES, operationOf } from '../_support/approvals.ts';
import { decommissionsOf, dueOf, expiredEnvironment, expiresAt, isDueAgain, sweep } from '../_support/expiries.ts';
import { freePorts } from '../_support/free-port.ts';
import { openGovernancePlatform } from '../_support/governance-platform.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

const KEEP = '@id("keep-production") forbid(principal == Slipway::Subject::"slipway/expiry", action, resource);';
const denying = cedarOf(KEEP);
const strict = cedarOf(FOUR_EYES);

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

const expired = () => expiredEnvironment(stand, { stage: 'prod' });
const take = (key: EnvironmentKey) => stand.db.forTenant(key.tenantId, (tx) => takeNext(tx, key));
const decommissions = (key: EnvironmentKey) => decommissionsOf(tables, key);
const pauseOf = async (key: EnvironmentKey) => ((await dueOf(tables, key))?.getTime() ?? 0) - Date.now();
const audit = async ({ environmentId }: EnvironmentKey) => {
  const path = `/v1/runtime/audit?subject=slipway/expiry&environmentId=${environmentId}`;
  return (await stand.call('GET', path)).body.items as Record<string, unknown>[];
};
const eventsOf = async ({ environmentId }: EnvironmentKey, type: string) =>
  await tables.query<{ data: Record<string, unknown> }>(
    'select data from events where environment_id = $1 and type = $2 order by revision',
    [environmentId, type],
  );
/** Waits for an approval: what governance made of its expiry. */
async function waiting(): Promise<{ key: EnvironmentKey; id: OperationId }> {
  const key = await expired();
  await sweep(stand, { governance: strict });
  const [operation] = await decommissions(key);
  if (!operation) throw new Error('nothing was accepted');
  return { key, id: operation.id };
}

describe('the expiry of a production environment', () => {
  it('is put to governance in the name of Slipway, and carried out when that allows it', async () => {
    const key = await expired();
    await sweep(stand);
    const [operation] = await decommissions(key);
    expect(await audit(key)).toMatchObject([{ decision: 'allowed', governance: { decision: 'allow' } }]);
    expect(await take(key)).toMatchObject({
      operation: { id: operation?.id, judged: { subject: 'slipway/expiry', action: 'environments.decommission' } },
    });
  });

  it('that is denied takes nothing away, says so with the policy, and is put again after a pause', async () => {
    const key = await expired();
    await sweep(stand, { governance: denying });
    expect(await decommissions(key)).toEqual([]);
    expect(await audit(key)).toMatchObject([
      { decision: 'denied', code: 'GovernanceDenied', status: 403, governance: { reasons: ['keep-production'] } },
    ]);
    const [told] = await eventsOf(key, 'environment.expiryDenied');
    const nextLookAt = (await dueOf(tables, key))?.toISOString();
    expect(told?.data).toEqual({ expiresAt: expect.any(String), reasons: ['keep-production'], nextLookAt });
    expect(await pauseOf(key)).toBeGreaterThan(14 * 60_000);

    await isDueAgain(tables, key);
    await sweep(stand);
    expect(await decommissions(key)).toHaveLength(1);
  });

  it('that nobody can judge takes nothing away, and is put again soon', async () => {
    const [port = 0] = Object.values(await freePorts(['NOBODY'])).map(Number);
    const away = openHttpGovernance({ url: `http://127.0.0.1:${port}/`, token: undefined });
    const key = await expired();
    const failed: string[] = [];
    const options = { turnMs: 200, onError: (_claim: unknown, error: unknown) => failed.push(String(error)) };
    await sweep(stand, { governance: away, ...options });
    expect(failed).toEqual([expect.stringContaining('Governance')]);
    expect(await decommissions(key)).toEqual([]);
    expect(await audit(key)).toEqual([]);
    expect(await pauseOf(key)).toBeLessThan(60_000);
  });

  it('that wants an approval waits for it, rings no lane, and goes on when it is given', async () => {
    const { key, id } = await waiting();
    // For its provision alone.
    expect(stand.rings.filter(({ environmentId }) => environmentId === key.environmentId)).toHaveLength(1);
    expect(await take(key)).toEqual({ kind: 'idle' });
    await isDueAgain(tables, key);
    await sweep(stand, { governance: strict });
    expect(await decommissions(key)).toMatchObject([{ id, phase: 'Requested' }]);
    const approvalId = await awaited(stand, key, id);
    expect((await stand.call('GET', `/v1/runtime/approvals/${approvalId}`)).body).toMatchObject({
      requestedBy: { subject: 'slipway/expiry', clientId: 'slipway' },
      reasons: ['four-eyes'],
    });
    expect((await decide(stand, approvalId, 'approve')).status).toBe(200);
    expect(await take(key)).toMatchObject({ kind: 'run', operation: { id } });
  });

  it('that was rejected is put again after a pause', async () => {
    const { key, id } = await waiting();
    await decide(stand, await awaited(stand, key, id), 'reject');
    await isDueAgain(tables, key);
    await sweep(stand, { governance: strict });
    expect(await decommissions(key)).toMatchObject([{ id, phase: 'Rejected' }, { phase: 'Requested' }]);
  });

  it('is asked for no more when the time is moved while it waits, and asked for anew when that has come', async () => {
    const { key, id } = await waiting();
    const approvalId = await awaited(stand, key, id);
    const moved = { expiresAt: '2100-01-01T00:00:00Z' };
    expect((await stand.call('PATCH', `/v1/runtime/environments/${key.environmentId}`, { body: moved })).status).toBe(
      200,
    );
    expect(await operationOf(stand, key, id)).toMatchObject({
      phase: 'Canceled',
      failure: { code: 'OperationCanceled', message: 'The time at which the environment expires was moved.' },
    });
    expect((await stand.call('GET', `/v1/runtime/approvals/${approvalId}`)).body.status).toBe('Withdrawn');
    expect((await decide(stand, approvalId, 'approve')).status).toBe(409);
    expect(await take(key)).toEqual({ kind: 'idle' });
    expect(await dueOf(tables, key)).toEqual(new Date(moved.expiresAt));

    await expiresAt(stand, key, new Date(Date.now() - 1_000));
    await sweep(stand, { governance: strict });
    expect(await decommissions(key)).toMatchObject([{ id, phase: 'Canceled' }, { phase: 'Requested' }]);
  });

  it('leaves what somebody has asked for to wait, when the time is moved', async () => {
    const key = await expired();
    const api = await stand.start({ governance: strict });
    const path = `/v1/runtime/environments/${key.environmentId}`;
    const asked = await stand.call('POST', `${path}/decommission`, { api, token: { subject: 'alice' } });
    await stand.call('PATCH', path, { body: { expiresAt: '2100-01-01T00:00:00Z' } });
    const operation = await operationOf(stand, key, asked.body.operationId as OperationId);
    expect(operation).toMatchObject({ phase: 'Requested', waitingOn: { kind: 'approval' } });
  });

  it('is approved where the Governance platform keeps approvals, too', async () => {
    await using governance = await openGovernancePlatform(strict);
    const key = await expired();
    await sweep(stand, { governance: openHttpGovernance({ url: governance.url, token: governance.token }) });
    const [operation] = await decommissions(key);
    const approvalId = await awaited(stand, key, operation?.id ?? 'op-');
    expect([...governance.approvals.values()]).toMatchObject([{ approvalId, status: 'Pending' }]);
  });
});

it('the expiry of another environment is asked of nobody', async () => {
  const key = await expiredEnvironment(stand, { stage: 'staging' });
  await sweep(stand, { governance: denying });
  expect(await decommissions(key)).toHaveLength(1);
});
