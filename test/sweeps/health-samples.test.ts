import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { and, asc, eq } from 'drizzle-orm';
import { openDatabase, type Database } from '../../db/client.ts';
import { claimDue, countDue, giveBack } from '../../db/due.ts';
import { insertEnvironment } from '../../db/environments.ts';
import { KEPT_SAMPLES, latestHealth, recordHealth, type HealthSample } from '../../db/health.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { newId } from '../../db/new-id.ts';
import { events, healthSamples } from '../../db/schema/index.ts';
import { replaceServices } from '../../db/services.ts';
import type { HealthStatus } from '../../domain/health.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';

let platform: TestPlatform;
let db: Database;

beforeAll(async () => {
  platform = await openTestPlatform({ parts: ['postgres'] });
  await migrateDatabase(platform.config.databaseUrl);
  db = openDatabase({ url: platform.config.databaseUrl });
});
afterAll(async () => {
  await db?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

async function environment(tenantId = 'connectsoft'): Promise<EnvironmentKey> {
  const key = { tenantId, environmentId: newId('env') };
  const names = { projectId: 'proj', name: key.environmentId, pulumiStackRef: key.environmentId, region: 'westeurope' };
  const rest = { stage: 'dev', isolationModel: 'pool', computeTargets: ['aks' as const], traceId: 'trace-1' } as const;
  await db.forTenant(tenantId, (tx) =>
    insertEnvironment(tx, { tenantId, id: key.environmentId, ...names, ...rest, computeTargets: ['aks'] }),
  );
  return key;
}

const run = (key: EnvironmentKey, serviceIds: string[]) =>
  db.forTenant(key.tenantId, (tx) =>
    replaceServices(
      tx,
      key,
      serviceIds.map((serviceId) => ({
        ...key,
        serviceId,
        ...{ image: 'an/image:1', digest: 'sha256:0', target: 'aks', revision: 'r1', replicas: 1 },
        ...{ configurationId: null, endpoint: null, deploymentId: 'dep-1' },
      })),
    ),
  );

const at = (second: number) => new Date(Date.UTC(2026, 5, 11, 18, 0, second));
const sample = (status: HealthStatus, second: number): HealthSample => ({
  ...{
    status,
    checks: [
      { name: 'self', status },
      { name: 'sql', status, durationMs: 12 },
    ],
    evaluatedAt: at(second),
  },
});
const record = (key: EnvironmentKey, of: HealthSample, serviceId = 'api') =>
  db.forTenant(key.tenantId, (tx) => recordHealth(tx, key, serviceId, of));
const latest = (key: EnvironmentKey, tenantId = key.tenantId) =>
  db.forTenant(tenantId, (tx) => latestHealth(tx, { ...key, tenantId }, 'api'));
const history = (key: EnvironmentKey) =>
  db.forTenant(key.tenantId, (tx) =>
    tx
      .select()
      .from(healthSamples)
      .where(and(eq(healthSamples.tenantId, key.tenantId), eq(healthSamples.environmentId, key.environmentId)))
      .orderBy(asc(healthSamples.evaluatedAt)),
  );
const told = async (key: EnvironmentKey) => {
  const rows = await db.forTenant(key.tenantId, (tx) =>
    tx.select().from(events).where(eq(events.environmentId, key.environmentId)).orderBy(asc(events.revision)),
  );
  return rows.map(({ type, data }) => ({ type, ...data }));
};

describe('a sample', () => {
  it('is the health of its service when it is the newest', async () => {
    const key = await environment();
    expect(await latest(key)).toBeNull();
    expect(await record(key, sample('Healthy', 1))).toBe(true);
    expect(await record(key, sample('Unhealthy', 2))).toBe(true);
    expect(await latest(key)).toEqual({ ...key, serviceId: 'api', ...sample('Unhealthy', 2) });
  });

  it('that comes late, or twice, says nothing any more', async () => {
    const key = await environment();
    await record(key, sample('Healthy', 5));
    expect(await record(key, sample('Unhealthy', 4))).toBe(false);
    expect(await record(key, sample('Unhealthy', 5))).toBe(false);
    expect((await history(key)).map(({ status }) => status)).toEqual(['Healthy']);
  });

  it('is told as an event when the status changes, and only then', async () => {
    const key = await environment();
    const course: HealthStatus[] = ['Healthy', 'Healthy', 'Degraded', 'Unhealthy', 'Unhealthy', 'Healthy'];
    for (const [second, status] of course.entries()) await record(key, sample(status, second));
    const type = 'service.health';
    const bad = ['self', 'sql'];
    expect(await told(key)).toEqual([
      { type, serviceId: 'api', previousStatus: 'Unknown', status: 'Healthy', failing: [] },
      { type, serviceId: 'api', previousStatus: 'Healthy', status: 'Degraded', failing: bad },
      { type, serviceId: 'api', previousStatus: 'Degraded', status: 'Unhealthy', failing: bad },
      { type, serviceId: 'api', previousStatus: 'Unhealthy', status: 'Healthy', failing: [] },
    ]);
  });

  it('of one change that many see at once is told once', async () => {
    const key = await environment();
    await record(key, sample('Healthy', 0));
    const seen = Array.from({ length: 8 }, (_, index) => record(key, sample('Unhealthy', index + 1)));
    expect((await Promise.all(seen)).filter(Boolean).length).toBeGreaterThan(0);
    expect((await told(key)).filter(({ type }) => type === 'service.health')).toHaveLength(2);
  });

  it('is kept until so many newer ones are there', async () => {
    const key = await environment();
    const more = 3;
    for (let second = 0; second < KEPT_SAMPLES + more; second += 1) await record(key, sample('Healthy', second));
    const kept = await history(key);
    expect(kept).toHaveLength(KEPT_SAMPLES);
    expect(kept[0]?.evaluatedAt).toEqual(at(more));
    expect(kept.at(-1)?.evaluatedAt).toEqual(at(KEPT_SAMPLES + more - 1));
  });

  it("is nothing to another tenant's environment of the same id", async () => {
    const key = await environment();
    await record(key, sample('Unhealthy', 1));
    expect(await latest(key, 'fabrikam')).toBeNull();
    await expect(
      db.forTenant('fabrikam', (tx) => recordHealth(tx, key, 'api', sample('Healthy', 2))),
    ).rejects.toThrow();
    expect((await latest(key))?.status).toBe('Unhealthy');
  });
});

describe('a service', () => {
  const claim = async () => await db.forSweep((tx) => claimDue(tx, 'health', 100, 60_000));

  it('is due to be probed once it is live, and again with every promotion', async () => {
    const key = await environment();
    await run(key, ['api', 'worker']);
    const first = (await claim()).filter(({ environmentId }) => environmentId === key.environmentId);
    expect(first.map(({ subject }) => subject).sort()).toEqual(['api', 'worker']);
    const tomorrow = new Date(Date.now() + 86_400_000);
    for (const one of first) await db.forTenant(key.tenantId, (tx) => giveBack(tx, one, tomorrow));
    expect(await claim()).toEqual([]);
    await run(key, ['api', 'worker']);
    expect(await claim()).toHaveLength(2);
    await run(key, []);
  });

  it('that is gone is probed no more, and takes its history with it', async () => {
    const key = await environment();
    await run(key, ['api', 'worker']);
    await record(key, sample('Healthy', 1));
    await record(key, sample('Healthy', 1), 'worker');
    await run(key, ['worker']);
    expect((await history(key)).map(({ serviceId }) => serviceId)).toEqual(['worker']);
    expect((await claim()).map(({ subject }) => subject)).toEqual(['worker']);
    await run(key, []);
    expect(await history(key)).toEqual([]);
    expect(await db.forSweep((tx) => countDue(tx, 'health', 365 * 86_400_000))).toBe(0);
  });
});
