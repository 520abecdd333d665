/** What the streaming methods tell, to whom, and how they end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { openLive } from '../../api/live/live.ts';
import { appendEvent } from '../../db/events.ts';
import { recordHealth } from '../../db/health.ts';
import { endOperation } from '../../db/operations.ts';
import { replaceServices } from '../../db/services.ts';
import type { HealthStatus } from '../../domain/health.ts';
import type { DeploymentId, EnvironmentKey, OperationId } from '../../domain/ids.ts';
import { HealthStatus as Health } from '../../proto/gen/slipway/runtime/v1/health_pb.js';
import { DeploymentStatus, RuntimeDeployments } from '../../proto/gen/slipway/runtime/v1/runtime_deployments_pb.js';
import { RuntimeHealth } from '../../proto/gen/slipway/runtime/v1/runtime_health_pb.js';
import { RuntimeInventory } from '../../proto/gen/slipway/runtime/v1/runtime_inventory_pb.js';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { openGrpcClient, wordsOf, type GrpcClient, type Headers } from '../_support/grpc.ts';
import { openStalledReader } from '../_support/stalled-reader.ts';
import { until } from '../_support/until.ts';

const API = 'module-reservations-api';
const { streamHealth } = RuntimeHealth.method;
const { watchServices } = RuntimeInventory.method;
const { watchDeployment } = RuntimeDeployments.method;

let stand: ApiStand;
let key: EnvironmentKey;
let client: GrpcClient;
let bearer: Headers;
beforeAll(async () => {
  stand = await openApiStand();
  key = await deployedEnvironment();
  client = openGrpcClient(stand.api.grpc.port);
  bearer = { authorization: `Bearer ${await stand.token()}` };
});
afterAll(async () => {
  client?.[Symbol.dispose]();
  await stand?.[Symbol.asyncDispose]();
});

async function deployedEnvironment(): Promise<EnvironmentKey> {
  const of = await readyEnvironment(stand);
  await completeDeployment(stand.db, of, await requested(of));
  return of;
}

async function requested(of: EnvironmentKey): Promise<DeploymentId> {
  const { body } = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(of.environmentId) });
  return body.deploymentId as DeploymentId;
}

let second = 0;
const probe = (status: HealthStatus, of = key) =>
  stand.db.forTenant(of.tenantId, (tx) =>
    recordHealth(tx, of, API, { status, checks: [], evaluatedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, (second += 1))) }),
  );
const STATUSES = ['Healthy', 'Degraded', 'Unhealthy'] as const;
const healthOf = (of: EnvironmentKey) => ({ serviceId: API, environmentId: of.environmentId });
const ofKey = () => healthOf(key);

async function revoke(of: EnvironmentKey): Promise<void> {
  const path = '/v1/runtime/internal/tenant-bindings';
  const { body } = await stand.call('GET', `${path}?environmentId=${of.environmentId}`, { internal: true });
  const [binding] = body.items as { tenantBindingId: string }[];
  const reply = await stand.call('POST', `${path}/${binding?.tenantBindingId}/revoke`, { internal: true });
  expect(reply.status).toBe(200);
}

describe('RuntimeHealth.StreamHealth', () => {
  it('tells the present health first, as REST does, and then every change', async () => {
    await probe('Healthy');
    using stream = client.read(streamHealth, ofKey(), bearer);
    const [first] = await stream.atLeast(1);
    const rest = await stand.call('GET', `/v1/runtime/services/${API}/health?environmentId=${key.environmentId}`);
    expect(first).toMatchObject({ ...ofKey(), status: Health.HEALTHY, checks: [], skipped: 0 });
    expect(Number(first?.evaluatedAt?.seconds) * 1000).toBe(Date.parse(String(rest.body.evaluatedAt)));
    for (const [at, status] of (['Degraded', 'Unhealthy', 'Healthy'] as const).entries()) {
      await probe(status);
      await stream.atLeast(at + 2);
    }
    const statuses = stream.messages.map(({ status }) => status);
    expect(statuses).toEqual([Health.HEALTHY, Health.DEGRADED, Health.UNHEALTHY, Health.HEALTHY]);
  });

  it('says Unknown, and no time, of a service that was not probed yet', async () => {
    const own = await deployedEnvironment();
    using stream = client.read(streamHealth, healthOf(own), bearer);
    const [first] = await stream.atLeast(1);
    expect(first?.status).toBe(Health.UNKNOWN);
    expect(first?.evaluatedAt).toBeUndefined();
  });

  it('asks for the environment where several run the service', async () => {
    await deployedEnvironment();
    using stream = client.read(streamHealth, { serviceId: API }, bearer);
    expect(wordsOf(await stream.ended)).toBe('FAILED_PRECONDITION ServiceAmbiguous');
  });

  it('ends when the service is taken away', async () => {
    const own = await deployedEnvironment();
    using stream = client.read(streamHealth, healthOf(own), bearer);
    await stream.atLeast(1);
    await stand.db.forTenant(own.tenantId, async (tx) => {
      await replaceServices(tx, own, []);
      await appendEvent(tx, own, { type: 'test.happened', data: {} });
    });
    expect(wordsOf(await stream.ended)).toBe('NOT_FOUND ServiceNotFound');
  });
});

describe('RuntimeInventory.WatchServices', () => {
  it('tells the whole inventory, and again when something in it is different', async () => {
    const own = await deployedEnvironment();
    using stream = client.read(watchServices, { environmentId: own.environmentId }, bearer);
    const [first] = await stream.atLeast(1);
    // An event that the inventory does not show.
    await probe('Healthy', own);
    const id = await requested(own);
    await completeDeployment(stand.db, own, id);
    await stream.atLeast(2);
    const { body } = await stand.call('GET', `/v1/runtime/environments/${own.environmentId}`);
    const { services } = body.inventory as { services: { serviceId: string; digest: string }[] };
    const last = await until(() => stream.messages.find(({ inventory }) => inventory?.deploymentId === id), {
      what: 'the deployment',
    });
    expect(last.inventory?.services.map(({ serviceId, digest }) => ({ serviceId, digest }))).toEqual(
      services.map(({ serviceId, digest }) => ({ serviceId, digest })),
    );
    expect(first?.inventory?.deploymentId).not.toBe(id);
    expect(stream.messages).toHaveLength(2);
  });
});

describe('RuntimeDeployments.WatchDeployment', () => {
  it('tells how far a deployment has come, and ends when it has ended', async () => {
    const own = await deployedEnvironment();
    const id = await requested(own);
    using stream = client.read(watchDeployment, { deploymentId: id }, bearer);
    const [first] = await stream.atLeast(1);
    expect(first?.deployment).toMatchObject({ deploymentId: id, status: DeploymentStatus.REQUESTED });
    await completeDeployment(stand.db, own, id);
    expect(wordsOf(await stream.ended)).toBe('OK');
    const last = stream.messages.at(-1)?.deployment;
    const { body } = await stand.call('GET', `/v1/runtime/deployments/${id}`);
    expect(last).toMatchObject({ status: DeploymentStatus.COMPLETED, releaseRef: body.releaseRef });
    expect(last?.components.map(({ moduleId, image }) => ({ moduleId, image }))).toEqual(
      (body.components as { moduleId: string; image: string }[]).map(({ moduleId, image }) => ({ moduleId, image })),
    );
    expect(last?.endedAt).toBeDefined();
  });

  it('tells the end of one that has ended, why, and ends', async () => {
    const own = await deployedEnvironment();
    const id = await requested(own);
    const { body } = await stand.call('GET', `/v1/runtime/deployments/${id}`);
    const failure = { code: 'ImageNotFound', message: 'There is no such image.', serviceId: API } as const;
    await stand.db.forTenant(own.tenantId, (tx) =>
      endOperation(tx, own, body.operationId as OperationId, { phase: 'Failed', failure }),
    );
    using stream = client.read(watchDeployment, { deploymentId: id }, bearer);
    expect(wordsOf(await stream.ended)).toBe('OK');
    expect(stream.messages).toHaveLength(1);
    expect(stream.messages[0]?.deployment).toMatchObject({ status: DeploymentStatus.FAILED, failure });
  });
});

describe('a reader that does not read', () => {
  it('gets the latest state when it does, and how many it has missed, and keeps nobody else waiting', async () => {
    await probe('Healthy');
    const token = await stand.token();
    using stalled = openStalledReader(stand.api.grpc.port, streamHealth, ofKey(), token);
    using reading = client.read(streamHealth, ofKey(), bearer);
    await stalled.answered;
    await reading.atLeast(1);
    for (let change = 1; change <= 30; change++) {
      await probe(STATUSES[change % STATUSES.length] ?? 'Healthy');
      await reading.atLeast(change + 1);
    }
    expect(stalled.messages()).toEqual([]);
    stalled.open();
    const [first, latest] = await stalled.atLeast(2);
    // What was on its way when the window was full, and what is true now.
    expect([first?.status, first?.skipped]).toEqual([Health.HEALTHY, 0]);
    expect([latest?.status, latest?.skipped]).toEqual([reading.messages.at(-1)?.status, 29]);
    await probe('Degraded');
    expect((await stalled.atLeast(3))[2]).toMatchObject({ status: Health.DEGRADED, skipped: 0 });
  });
});

describe('a stream ends', () => {
  it('as UNAUTHENTICATED when its token expires', async () => {
    using stream = client.read(streamHealth, ofKey(), {
      authorization: `Bearer ${await stand.token({ ttlSeconds: 2 })}`,
    });
    await stream.atLeast(1);
    expect(wordsOf(await stream.ended)).toBe('UNAUTHENTICATED TokenExpired');
  });

  it("as PERMISSION_DENIED when the tenant's binding is revoked, at every API process", async () => {
    const own = await deployedEnvironment();
    await using live = openLive({ db: stand.db, url: stand.config.databaseUrl, onError: () => undefined });
    const other = await stand.start({ live });
    using elsewhere = openGrpcClient(other.grpc.port);
    using here = client.read(streamHealth, healthOf(own), bearer);
    using there = elsewhere.read(streamHealth, healthOf(own), bearer);
    await Promise.all([here.atLeast(1), there.atLeast(1)]);
    await revoke(own);
    expect(wordsOf(await here.ended)).toBe('PERMISSION_DENIED BindingRevoked');
    expect(wordsOf(await there.ended)).toBe('PERMISSION_DENIED BindingRevoked');
  });

  it('as UNAVAILABLE when the server stops', async () => {
    const other = await stand.start();
    using elsewhere = openGrpcClient(other.grpc.port);
    using stream = elsewhere.read(streamHealth, ofKey(), bearer);
    await stream.atLeast(1);
    await other.grpc[Symbol.asyncDispose]();
    expect(wordsOf(await stream.ended)).toBe('UNAVAILABLE ShuttingDown');
  });

  it('as DEADLINE_EXCEEDED when its own deadline comes', async () => {
    using stream = client.read(streamHealth, ofKey(), bearer, { deadline: Date.now() + 1_000 });
    expect(wordsOf(await stream.ended)).toBe('DEADLINE_EXCEEDED');
  });
});

describe('the fan-out', () => {
  it('reaches the readers of every API process', async () => {
    await using live = openLive({ db: stand.db, url: stand.config.databaseUrl, onError: () => undefined });
    const other = await stand.start({ live });
    using elsewhere = openGrpcClient(other.grpc.port);
    await probe('Healthy');
    using here = client.read(streamHealth, ofKey(), bearer);
    using there = elsewhere.read(streamHealth, ofKey(), bearer);
    await Promise.all([here.atLeast(1), there.atLeast(1)]);
    await probe('Unhealthy');
    for (const stream of [here, there]) expect((await stream.atLeast(2))[1]?.status).toBe(Health.UNHEALTHY);
  });

  it('tells what was changed while its connection to the database was lost', async () => {
    await probe('Healthy');
    using stream = client.read(streamHealth, ofKey(), bearer);
    await stream.atLeast(1);
    const operator = new Client({ connectionString: stand.config.databaseUrl });
    await operator.connect();
    await operator.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'slipway_changes'",
    );
    await probe('Degraded');
    expect((await stream.atLeast(2))[1]?.status).toBe(Health.DEGRADED);
    await operator.end();
  });

  it('gives the place of a stream back when its reader leaves', async () => {
    await using live = openLive({
      ...{ db: stand.db, url: stand.config.databaseUrl, streamsPerTenant: 1 },
      onError: () => undefined,
    });
    const other = await stand.start({ live });
    using elsewhere = openGrpcClient(other.grpc.port);
    using first = elsewhere.read(streamHealth, ofKey(), bearer);
    await first.atLeast(1);
    using refused = elsewhere.read(streamHealth, ofKey(), bearer);
    expect(wordsOf(await refused.ended)).toBe('RESOURCE_EXHAUSTED TooManyStreams');
    first[Symbol.dispose]();
    await until(
      async () => {
        using next = elsewhere.read(streamHealth, ofKey(), bearer);
        await Promise.race([next.atLeast(1), next.ended]);
        return next.messages.length > 0;
      },
      { what: 'a place' },
    );
  });
});
