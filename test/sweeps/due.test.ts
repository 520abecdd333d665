import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../db/client.ts';
import {
  claimDue,
  countDue,
  giveBack,
  kindsToSweep,
  makeDue,
  removeDue,
  setDue,
  type Claim,
  type DueKey,
} from '../../db/due.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { SWEEP_AHEAD_MS } from '../../domain/sweeps.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

const LEASE_MS = 60_000;
const EVER_MS = 365 * 86_400_000;
let platform: TestPlatform;
let db: Database;
let other: Database;
let superuser: Client;

beforeAll(async () => {
  platform = await openTestPlatform({ parts: ['postgres'] });
  await migrateDatabase(platform.config.databaseUrl);
  db = openDatabase({ url: platform.config.databaseUrl });
  other = openDatabase({ url: platform.config.databaseUrl });
  superuser = new Client({ connectionString: platform.config.databaseUrl });
  await superuser.connect();
});
afterAll(async () => {
  await superuser?.end();
  await db?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await superuser.query('truncate due');
});

const keyOf = (subject: string, tenantId = 'connectsoft'): DueKey => ({
  ...{ tenantId, kind: 'health', environmentId: 'env-1', subject },
});
const claim = (limit: number, leaseMs = LEASE_MS, of = db) =>
  of.forSweep((tx) => claimDue(tx, 'health', limit, leaseMs));
const isDue = (key: DueKey, inMs = 0) =>
  db.forTenant(key.tenantId, (tx) => makeDue(tx, key, new Date(Date.now() + inMs)));
const end = (one: Claim, next: Date | null) => db.forTenant(one.tenantId, (tx) => giveBack(tx, one, next));
const subjects = (claims: Claim[]) => claims.map(({ subject }) => subject).sort();

describe('a claim', () => {
  it('takes what is due, of every tenant, those due longest first, and never more than asked for', async () => {
    await isDue(keyOf('late'), -2_000);
    await isDue(keyOf('later', 'fabrikam'), -9_000);
    await isDue(keyOf('just'), -1_000);
    await isDue(keyOf('not-yet'), 60_000);
    expect(subjects(await claim(2))).toEqual(['late', 'later']);
    expect(subjects(await claim(9))).toEqual(['just']);
    expect(await claim(9)).toEqual([]);
  });

  it('gives each row to one of many that claim at once', async () => {
    const wanted = Array.from({ length: 200 }, (_, index) => `service-${index}`);
    for (const subject of wanted) await isDue(keyOf(subject), -1_000);
    const claims: Claim[] = [];
    const claimer = async (of: Database) => {
      for (let batch = await claim(7, LEASE_MS, of); batch.length > 0; batch = await claim(7, LEASE_MS, of)) {
        expect(batch.length).toBeLessThanOrEqual(7);
        claims.push(...batch);
      }
    };
    await Promise.all([claimer(db), claimer(other), claimer(db), claimer(other)]);
    // One that was locked by another at that moment was passed over; nobody has it, so the next claim finds it.
    claims.push(...(await claim(1_000)));
    expect(subjects(claims)).toEqual(wanted.sort());
    for (const one of claims) expect(await end(one, null)).toBe(true);
  });

  it('is over when its lease is: then somebody else has the row, and the first can no longer give it back', async () => {
    await isDue(keyOf('slow'), -1_000);
    const [first] = await claim(1, 1);
    const [second] = await until(
      async () => {
        const claims = await claim(1);
        return claims.length > 0 && claims;
      },
      { what: 'the lease to be over' },
    );
    expect(second?.subject).toBe('slow');
    expect(await end(first as Claim, new Date())).toBe(false);
    expect(await end(second as Claim, null)).toBe(true);
  });

  it('is lost when what it is for is gone', async () => {
    await isDue(keyOf('gone'), -1_000);
    const [mine] = await claim(1);
    await db.forTenant('connectsoft', (tx) => removeDue(tx, keyOf(''), 'health', ['gone']));
    expect(await end(mine as Claim, new Date())).toBe(false);
    expect(await db.forSweep((tx) => countDue(tx, 'health', EVER_MS))).toBe(0);
  });
});

describe('a row', () => {
  it('that was visited is due again when the visitor says', async () => {
    await isDue(keyOf('again'), -1_000);
    const [first] = await claim(1);
    await end(first as Claim, new Date(Date.now() + 60_000));
    expect(await claim(1)).toEqual([]);
    await isDue(keyOf('again'), -1_000);
    const [second] = await claim(1);
    expect(second?.leaseToken).not.toBe(first?.leaseToken);
  });

  it('that is due earlier already stays so', async () => {
    await isDue(keyOf('early'), -1_000);
    await isDue(keyOf('early'), 60_000);
    expect(subjects(await claim(1))).toEqual(['early']);
  });

  it('makes its kind one to sweep once it is due soon, in hands or not, and costs nothing before', async () => {
    await isDue(keyOf('tomorrow'), 86_400_000);
    expect(await db.forSystem(kindsToSweep)).toEqual([]);
    await isDue(keyOf('soon'), SWEEP_AHEAD_MS - 10_000);
    expect(await db.forSystem(kindsToSweep)).toEqual(['health']);
    await isDue(keyOf('soon'), -1_000);
    expect(await claim(1)).toHaveLength(1);
    expect(await db.forSystem(kindsToSweep)).toEqual(['health']);
  });

  it('may be moved to any time, or taken away, and whoever has it in hands has lost it then', async () => {
    const moved = keyOf('moved');
    const move = (dueAt: Date | null) => db.forTenant('connectsoft', (tx) => setDue(tx, moved, dueAt));
    const dueAt = async () => (await superuser.query('select due_at from due')).rows as { due_at: Date }[];
    for (const inMs of [-1_000, 60_000, -2_000]) {
      const at = new Date(Date.now() + inMs);
      await move(at);
      expect(await dueAt()).toEqual([{ due_at: at }]);
      const [mine] = await claim(1);
      expect(mine !== undefined).toBe(inMs < 0);
      if (!mine) continue;
      await move(at);
      expect(await end(mine, new Date())).toBe(false);
    }
    await move(null);
    expect(await dueAt()).toEqual([]);
  });
});

describe('the sweeps', () => {
  it('may take leases and change nothing else', async () => {
    await isDue(keyOf('mine'), -1_000);
    const key = keyOf('mine');
    const taken = { ...key, dueAt: new Date(), leaseToken: 'none' };
    await expect(db.forSweep((tx) => makeDue(tx, key, new Date()))).rejects.toThrow(/permission denied/);
    await expect(db.forSweep((tx) => giveBack(tx, taken, new Date()))).rejects.toThrow(/permission denied/);
    await expect(db.forSweep((tx) => giveBack(tx, taken, null))).rejects.toThrow(/permission denied/);
    await expect(db.forSystem((tx) => claimDue(tx, 'health', 1, LEASE_MS))).rejects.toThrow(/read-only/);
  });

  it("give back in the tenant's own transaction, which sees no row of another's", async () => {
    await isDue(keyOf('theirs', 'fabrikam'), -1_000);
    const [mine] = await claim(1);
    expect(await db.forTenant('connectsoft', (tx) => giveBack(tx, mine as Claim, null))).toBe(false);
    expect(await end(mine as Claim, null)).toBe(true);
  });
});
