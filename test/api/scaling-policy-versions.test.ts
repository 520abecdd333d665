import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreScalingPolicies, scalingPoliciesOf, scalingOf } from '../../db/scaling-policies.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import type { Scaling } from '../../domain/scaling.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { openApiStand, type ApiStand, type Reply } from '../_support/api.ts';
import { readyEnvironment } from '../_support/api-states.ts';
import { SCALING } from '../_support/sample-world.ts';
import { openTenantTables } from '../_support/tenant-tables.ts';

const SERVICE = 'module-reservations-api';

let stand: ApiStand;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(() => stand?.[Symbol.asyncDispose]());

type Item = Record<string, unknown>;
const token = () => ({ tenant: key.tenantId });
const get = (path: string) => stand.call('GET', `/v1/runtime/${path}`, { token: token() });
const itemsOf = ({ body }: Reply) => body.items as Item[];
const versions = async (policyId: string, query = '') =>
  itemsOf(await get(`scaling-policies/${policyId}/versions${query}`));
const newEnvironment = async () => {
  key = await readyEnvironment(stand, { tenantId: `versions-${randomUUID().slice(0, 8)}` });
};

async function apply(maxReplicas: number, serviceId = SERVICE): Promise<Reply> {
  const body = { environmentId: key.environmentId, serviceId, ...SCALING, maxReplicas };
  return await stand.call('POST', '/v1/runtime/scaling-policies', { body, token: token() });
}

/** As the end of a rollback does it. */
async function goBackTo(scaling: Scaling | null): Promise<void> {
  const snapshot = { services: { [SERVICE]: { serviceId: SERVICE, scaling } } } as unknown as Snapshot;
  // Later than whatever was applied before.
  const acceptedAt = new Date(Date.now() + 60_000);
  await stand.db.forTenant(key.tenantId, (tx) =>
    restoreScalingPolicies(tx, key, snapshot, { acceptedAt, traceId: 'trace-of-going-back' }),
  );
}

async function inForce(): Promise<Scaling | null> {
  const rows = await stand.db.forTenant(key.tenantId, (tx) => scalingPoliciesOf(tx, key));
  const row = rows.get(SERVICE);
  return row ? scalingOf(row) : null;
}

describe('GET /v1/runtime/scaling-policies/{policyId}/versions', () => {
  it('has every version with who made it so, the newest first, beside the one policy in force', async () => {
    await newEnvironment();
    const replies = [await apply(3), await apply(4), await apply(5)];
    const policyId = String(replies[0]?.body.policyId);
    const wanted = replies.map(({ body }, at) => {
      const { status: _s, createdAt: _c, updatedAt: createdAt, ...policy } = body;
      return { ...policy, version: at + 1, change: 'Applied', createdAt };
    });
    expect(await versions(policyId)).toEqual(wanted.toReversed());
    expect(itemsOf(await get('scaling-policies'))).toEqual([replies[2]?.body]);
  });

  it('numbers them without a gap, also when many are applied at once', async () => {
    await newEnvironment();
    const replies = await Promise.all(Array.from({ length: 10 }, (_, at) => apply(10 + at)));
    const policyId = String(replies[0]?.body.policyId);
    const numbers = (await versions(policyId)).map(({ version }) => version);
    expect(numbers).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('pages past nine without losing one, and filters by change and time', async () => {
    const [policy] = itemsOf(await get('scaling-policies'));
    const policyId = String(policy?.policyId);
    const all = await versions(policyId);
    const paged: Item[] = [];
    for (let cursor = ''; ;) {
      const { body } = await get(`scaling-policies/${policyId}/versions?limit=3${cursor}`);
      paged.push(...(body.items as Item[]));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${String(body.nextCursor)}`;
    }
    expect(paged).toEqual(all);
    const newest = String(all[0]?.createdAt);
    expect(await versions(policyId, `?createdAfter=${newest}`)).toEqual(
      all.filter(({ createdAt }) => String(createdAt) >= newest),
    );
    expect(await versions(policyId, `?createdBefore=${newest}`)).toEqual(
      all.filter(({ createdAt }) => String(createdAt) < newest),
    );
    expect(await versions(policyId, '?change=Removed')).toEqual([]);
  });

  it.each([
    ['change=Replaced', '?change'],
    ['limit=0', '?limit'],
    [`cursor=${Buffer.from('["scaling-policy-versions","x"]').toString('base64url')}`, '?cursor'],
    [`cursor=${Buffer.from('["scaling-policies","pol-1"]').toString('base64url')}`, '?cursor'],
  ])('refuses %s with its pointer', async (query, pointer) => {
    const [policy] = itemsOf(await get('scaling-policies'));
    const { status, body } = await get(`scaling-policies/${String(policy?.policyId)}/versions?${query}`);
    expect([status, body.errors?.map((error) => error.pointer)]).toEqual([400, [pointer]]);
  });

  it("answers 404 for another tenant's, as for one that is not there", async () => {
    await newEnvironment();
    const policyId = String((await apply(3)).body.policyId);
    const path = `/v1/runtime/scaling-policies/${policyId}/versions`;
    const foreign = await stand.call('GET', path, { token: { tenant: 'fabrikam' } });
    const missing = await get('scaling-policies/pol-00000000/versions');
    expect([foreign.status, foreign.body.code]).toEqual([404, 'ScalingPolicyNotFound']);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...missing.body, traceId: '' });
  });

  it('tells that going back restored a policy, removed it, and brought it back', async () => {
    await newEnvironment();
    const policyId = String((await apply(3)).body.policyId);
    const first = await inForce();
    await apply(4);
    await goBackTo(first);
    await goBackTo(null);
    const removed = itemsOf(await get('scaling-policies?status=Removed'));
    expect(removed).toMatchObject([{ policyId, status: 'Removed', maxReplicas: 3, traceId: 'trace-of-going-back' }]);
    expect(itemsOf(await get('scaling-policies'))).toEqual([]);
    expect((await get(`scaling-policies/${policyId}`)).status).toBe(404);
    await goBackTo(first);
    expect(itemsOf(await get('scaling-policies?status=Removed'))).toEqual([]);
    expect((await versions(policyId)).map(({ change, maxReplicas }) => [change, maxReplicas])).toEqual([
      ['Restored', 3],
      ['Removed', 3],
      ['Restored', 3],
      ['Applied', 4],
      ['Applied', 3],
    ]);
  });

  it('tells nothing of going back to what is in force', async () => {
    await newEnvironment();
    const { body } = await apply(3);
    await goBackTo(await inForce());
    expect(await versions(String(body.policyId))).toHaveLength(1);
    expect((await get(`scaling-policies/${String(body.policyId)}`)).body).toEqual(body);
  });

  it('tells of both policies when going back puts an earlier one in the place of another', async () => {
    await newEnvironment();
    const earlier = String((await apply(3)).body.policyId);
    const first = await inForce();
    await goBackTo(null);
    const later = String((await apply(4)).body.policyId);
    expect(later).not.toBe(earlier);
    await goBackTo(first);
    expect(await inForce()).toEqual(first);
    expect((await versions(later)).map(({ change }) => change)).toEqual(['Removed', 'Applied']);
    expect((await versions(earlier)).map(({ change }) => change)).toEqual(['Restored', 'Removed', 'Applied']);
    const [shown] = itemsOf(await get('scaling-policies'));
    expect(shown).toMatchObject({ policyId: earlier, status: 'InForce' });
    const [oldest] = (await versions(earlier)).toReversed();
    expect(shown?.createdAt).toBe(oldest?.createdAt);
  });

  it('never changes, not even for the owner of the table', async () => {
    await newEnvironment();
    await apply(3);
    await using tables = await openTenantTables(stand.config.databaseUrl);
    for (const change of [
      'update scaling_policy_versions set max_replicas = 9',
      'delete from scaling_policy_versions',
    ]) {
      await expect(tables.query(`${change} where tenant_id = $1`, [key.tenantId])).rejects.toThrow(/immutable/);
    }
  });
});

describe('GET /v1/runtime/scaling-policies', () => {
  it('refuses a status that no policy has', async () => {
    const { status, body } = await get('scaling-policies?status=Replaced');
    expect([status, body.errors?.map(({ pointer }) => pointer)]).toEqual([400, ['?status']]);
  });
});
