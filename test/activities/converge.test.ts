import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convergeActivities } from '../../activities/converge.ts';
import { openDatabase, type Database } from '../../db/client.ts';
import {
  findEnvironment,
  insertEnvironment,
  setConvergeReason,
  setLiveSnapshot,
  setOutputs,
} from '../../db/environments.ts';
import { eventsAfter } from '../../db/events.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { newId } from '../../db/new-id.ts';
import { insertSnapshot } from '../../db/snapshots.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { revisionOf, type SnapshotService } from '../../domain/snapshot.ts';
import { HTTP_HEALTH, startComputePlatform, type ComputePlatform } from '../_support/compute-platform.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';

const IMAGE = 'acr.azurecr.io/reservations-api:1.4.1';
let platform: TestPlatform;
let db: Database;
let target: ComputePlatform;

beforeAll(async () => {
  platform = await openTestPlatform({ parts: ['postgres'] });
  await migrateDatabase(platform.config.databaseUrl);
  db = openDatabase({ url: platform.config.databaseUrl });
  target = await startComputePlatform();
});
afterAll(async () => {
  await target?.stop();
  await db?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

async function service(serviceId: string, change: Partial<SnapshotService> = {}): Promise<SnapshotService> {
  const { digest } = await target.compute.resolve(IMAGE);
  const whole: Omit<SnapshotService, 'revision'> = {
    ...{ serviceId, image: IMAGE, digest, target: 'aks', replicas: 1, port: null, health: HTTP_HEALTH, env: {} },
    ...{ resources: {}, dependsOn: [], configurationId: null, configurationHash: null },
    ...change,
  };
  return { ...whole, revision: revisionOf(whole) };
}

/** An environment in which these should run, and nothing does. */
async function emptied(all: SnapshotService[]): Promise<EnvironmentKey> {
  const key: EnvironmentKey = { tenantId: 'connectsoft', environmentId: newId('env') };
  await db.forTenant(key.tenantId, async (tx) => {
    await insertEnvironment(tx, {
      ...{ tenantId: key.tenantId, id: key.environmentId, name: key.environmentId, pulumiStackRef: key.environmentId },
      ...{ projectId: 'proj', stage: 'dev', region: 'westeurope', isolationModel: 'pool', computeTargets: ['aks'] },
      traceId: 'trace-1',
    });
    await setOutputs(tx, key, target.placement as Record<string, unknown>);
    const services = Object.fromEntries(all.map((each) => [each.serviceId, each]));
    await setLiveSnapshot(tx, key, null, await insertSnapshot(tx, key, { services }));
    await setConvergeReason(tx, key, 'somebody ended what was changing it');
  });
  return key;
}

describe('converging', () => {
  it('brings every service back that can be, and says what is wrong with the others', async () => {
    const ref = { namespace: 'env-0001', name: 'api-key', version: 'gone' };
    const broken = [
      await service('a-without-image', { digest: `sha256:${'0'.repeat(64)}` }),
      await service('b-without-secret', { secrets: [{ name: 'API_KEY', ref }] }),
    ];
    // More than are converged at a time: those that come after a broken one as well.
    const sound = await Promise.all(['c', 'd', 'e', 'f'].map((name) => service(`${name}-sound`)));
    const key = await emptied([...broken, ...sound]);
    const { convergeServices } = convergeActivities(db, target.compute);
    await new MockActivityEnvironment().run(() => convergeServices(key));
    const serving = (await target.compute.observe(key)).map(({ serviceId, traffic }) => [serviceId, traffic]);
    const wanted = sound.map(({ serviceId, revision }) => [serviceId, { [revision]: 100 }]);
    expect(Object.fromEntries(serving)).toEqual(Object.fromEntries(wanted));
    const { environment, events } = await db.forTenant(key.tenantId, async (tx) => ({
      environment: await findEnvironment(tx, key),
      events: await eventsAfter(tx, key, 0, { limit: 100 }),
    }));
    expect(environment?.convergeReason).toBeNull();
    const { problems } = events.find(({ type }) => type === 'environment.converged')?.data as { problems: string[] };
    expect(problems.sort()).toEqual([
      expect.stringMatching(/^a-without-image: .*sha256:0/),
      expect.stringMatching(/^b-without-secret: .*api-key/),
    ]);
  });
});
