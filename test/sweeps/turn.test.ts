import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sweepTurn, type TurnOptions } from '../../activities/sweep-turn.ts';
import type { Visitor } from '../../activities/visitors/visitor.ts';
import { openDatabase, type Database } from '../../db/client.ts';
import { claimDue, countDue, makeDue, removeDue, type DueKey } from '../../db/due.ts';
import { insertEnvironment } from '../../db/environments.ts';
import { latestHealth, recordHealth } from '../../db/health.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { newId } from '../../db/new-id.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { SWEEP_AHEAD_MS } from '../../domain/sweeps.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

let platform: TestPlatform;
let db: Database;
let superuser: Client;
let key: EnvironmentKey;

beforeAll(async () => {
  platform = await openTestPlatform({ parts: ['postgres'] });
  await migrateDatabase(platform.config.databaseUrl);
  db = openDatabase({ url: platform.config.databaseUrl });
  superuser = new Client({ connectionString: platform.config.databaseUrl });
  await superuser.connect();
});
afterAll(async () => {
  await superuser?.end();
  await db?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await superuser.query('truncate due');
  key = await environment('connectsoft');
});

async function environment(tenantId: string): Promise<EnvironmentKey> {
  const id = newId('env');
  const names = { id, projectId: 'proj', name: id, pulumiStackRef: id, region: 'westeurope' };
  const rest = { stage: 'dev', isolationModel: 'pool', computeTargets: [], traceId: 'trace-1' } as const;
  await db.forTenant(tenantId, (tx) => insertEnvironment(tx, { tenantId, ...names, ...rest, computeTargets: [] }));
  return { tenantId, environmentId: id };
}

const isDue = async (of: EnvironmentKey, ...subjects: string[]) => {
  for (const subject of subjects) {
    const row: DueKey = { ...of, kind: 'health', subject };
    await db.forTenant(of.tenantId, (tx) => makeDue(tx, row, new Date(Date.now() - 1_000)));
  }
};
const rows = () => db.forSweep((tx) => countDue(tx, 'health', 365 * 86_400_000));
const free = () => db.forSweep((tx) => claimDue(tx, 'health', 1_000, 60_000));
const latest = (of: EnvironmentKey, serviceId: string) =>
  db.forTenant(of.tenantId, (tx) => latestHealth(tx, of, serviceId));

interface Options extends Partial<TurnOptions> {
  visit: Visitor['visit'];
}

const turn = ({ visit, ...options }: Options) =>
  sweepTurn({
    ...{ db, kind: 'health', visitor: { visit }, signal: new AbortController().signal, pollMs: 10 },
    onError: () => undefined,
    ...options,
  });

const never = new Promise<never>(() => undefined);
const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('a turn', () => {
  it('visits all that is due, once, and ends when nothing is left', async () => {
    await isDue(key, 'a', 'b', 'c');
    const seen: string[] = [];
    const done = await turn({
      hands: 2,
      visit: async ({ subject }) => {
        seen.push(subject);
        return { next: null };
      },
    });
    expect(seen.sort()).toEqual(['a', 'b', 'c']);
    expect(done).toEqual({ visited: 3, failed: 0, left: 0 });
  });

  it('waits for nothing while more is due than it has hands', async () => {
    const wanted = Array.from({ length: 20 }, (_, index) => `service-${index}`);
    await isDue(key, ...wanted);
    const stop = new AbortController();
    const seen: string[] = [];
    const done = turn({
      ...{ hands: 2, pollMs: 3_600_000, signal: stop.signal },
      visit: async ({ subject }) => {
        seen.push(subject);
        return { next: null };
      },
    });
    await until(() => seen.length === wanted.length, { what: 'every row to be visited' });
    stop.abort();
    expect((await done).failed).toBe(0);
    expect(seen.sort()).toEqual(wanted.sort());
  });

  it('sees what becomes due while it goes on', async () => {
    await isDue(key, 'a');
    const done = turn({
      visit: async ({ subject }) => {
        if (subject === 'a') await isDue(key, 'b');
        return { next: null };
      },
    });
    expect(await done).toEqual({ visited: 2, failed: 0, left: 0 });
  });

  it('ends when nothing is due soon, and leaves what is due later to itself', async () => {
    await isDue(key, 'a');
    const done = await turn({ visit: async () => ({ next: new Date(Date.now() + 2 * SWEEP_AHEAD_MS) }) });
    expect(done).toEqual({ visited: 1, failed: 0, left: 0 });
    expect(await rows()).toBe(1);
  });

  it('does what comes after a visit once that stands; when it fails, nothing is taken back', async () => {
    await isDue(key, 'a', 'b');
    const stood: number[] = [];
    const failed: string[] = [];
    const done = await turn({
      hands: 1,
      visit: async ({ subject }) => ({
        next: null,
        afterwards: async () => {
          stood.push(await rows());
          if (subject === 'a') throw new Error('nobody heard it');
        },
      }),
      onError: ({ subject }) => failed.push(subject),
    });
    expect(stood).toEqual([1, 0]);
    expect(failed).toEqual(['a']);
    expect(done).toEqual({ visited: 2, failed: 0, left: 0 });
  });

  it('does not do what comes after a visit that was not recorded', async () => {
    await isDue(key, 'a');
    let done = 0;
    await turn({
      visit: async () => ({
        next: null,
        record: () => db.forTenant(key.tenantId, (other) => removeDue(other, key, 'health', ['a'])),
        afterwards: async () => {
          done += 1;
        },
      }),
    });
    expect(done).toBe(0);
  });

  it('ends when its time is up, with rows left for the next', async () => {
    await isDue(key, 'a');
    const done = await turn({ turnMs: 100, visit: async () => ({ next: new Date() }) });
    expect(done.visited).toBeGreaterThan(0);
    expect(done.left).toBe(1);
  });

  it('leaves a row whose visit failed for later, and goes on with the others', async () => {
    await isDue(key, 'bad', 'good');
    const failed: string[] = [];
    const done = await turn({
      turnMs: 200,
      visit: async ({ subject }) => {
        if (subject === 'bad') throw new Error('no luck');
        return { next: null };
      },
      onError: ({ subject }) => failed.push(subject),
    });
    expect(failed).toEqual(['bad']);
    expect(done).toEqual({ visited: 1, failed: 1, left: 1 });
    expect(await free()).toEqual([]);
  });

  it('is not held up by a visit that hangs, however many hands there are', async () => {
    await isDue(key, 'hangs');
    const wanted = Array.from({ length: 20 }, (_, index) => `service-${index}`);
    await isDue(key, ...wanted);
    const seen: string[] = [];
    const done = await turn({
      ...{ hands: 2, visitMs: 500, turnMs: 1_000 },
      visit: async ({ subject }) => {
        if (subject === 'hangs') return await never;
        seen.push(subject);
        return { next: null };
      },
    });
    expect(seen.sort()).toEqual(wanted.sort());
    expect(done).toEqual({ visited: 20, failed: 1, left: 1 });
    // It may still be at it: nobody else visits beside it until its lease has lapsed.
    expect(await free()).toEqual([]);
  });

  it('gives back as it was what it is in the middle of when it is told to end, and records nothing of it', async () => {
    await isDue(key, 'a');
    const stop = new AbortController();
    const done = await turn({
      signal: stop.signal,
      visit: async () => {
        stop.abort();
        await soon();
        return { next: null, record: () => Promise.reject(new Error('recorded')) };
      },
    });
    expect(done).toEqual({ visited: 0, failed: 0, left: 1 });
    expect((await free()).map(({ subject }) => subject)).toEqual(['a']);
  });

  it('records nothing of what is gone by then', async () => {
    await isDue(key, 'a');
    const done = await turn({
      visit: async () => ({
        next: new Date(),
        record: async (tx) => {
          await recordHealth(tx, key, 'a', { status: 'Healthy', checks: [], evaluatedAt: new Date() });
          // In between somebody takes the service away.
          await db.forTenant(key.tenantId, (other) => removeDue(other, key, 'health', ['a']));
        },
      }),
    });
    expect(done).toEqual({ visited: 0, failed: 0, left: 0 });
    expect(await latest(key, 'a')).toBeNull();
  });

  it("records in the transaction of the row's own tenant, which another's is no part of", async () => {
    const theirs = await environment('fabrikam');
    await isDue(key, 'a');
    await isDue(theirs, 'a');
    const sample = { status: 'Healthy', checks: [], evaluatedAt: new Date() } as const;
    const done = await turn({
      turnMs: 300,
      // Both write into the environment of the first.
      visit: async () => ({
        next: null,
        record: async (tx) => {
          await recordHealth(tx, key, 'a', { ...sample, checks: [] });
        },
      }),
    });
    expect(done).toEqual({ visited: 1, failed: 1, left: 1 });
    expect(await latest(key, 'a')).toMatchObject({ status: 'Healthy' });
    expect(await latest(theirs, 'a')).toBeNull();
  });
});

describe('turns side by side', () => {
  it('never visit the same row at the same time', async () => {
    const wanted = Array.from({ length: 30 }, (_, index) => `service-${index}`);
    await isDue(key, ...wanted);
    const inHands = new Set<string>();
    const visits = new Map<string, number>();
    const visit: Visitor['visit'] = async ({ subject }) => {
      expect(inHands.has(subject)).toBe(false);
      inHands.add(subject);
      await soon();
      inHands.delete(subject);
      const times = (visits.get(subject) ?? 0) + 1;
      visits.set(subject, times);
      return { next: times < 5 ? new Date() : null };
    };
    const turns = await Promise.all(Array.from({ length: 3 }, () => turn({ visit, hands: 4 })));
    expect(turns.map(({ failed }) => failed)).toEqual([0, 0, 0]);
    expect(turns.reduce((sum, { visited }) => sum + visited, 0)).toBe(30 * 5);
    expect([...visits.values()]).toEqual(Array(30).fill(5));
  });

  it('go on with the rows of one that was killed once its lease is over', async () => {
    await isDue(key, 'a');
    // A worker that died: it holds the row, and nobody gives it back.
    expect(await db.forSweep((tx) => claimDue(tx, 'health', 1, 300))).toHaveLength(1);
    const seen: string[] = [];
    const done = turn({
      visit: async ({ subject }) => {
        seen.push(subject);
        return { next: null };
      },
    });
    expect(seen).toEqual([]);
    await until(() => seen.length === 1, { what: 'the row to be visited' });
    expect(await done).toMatchObject({ visited: 1 });
    expect(await rows()).toBe(0);
  });
});
