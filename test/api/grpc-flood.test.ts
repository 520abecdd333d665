/** Callers who open more than they may, reset what they open, or send what no call needs: what it does to them, and to others. */
import { once } from 'node:events';
import { constants, type IncomingHttpHeaders } from 'node:http2';
import { setImmediate } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encode } from '../../api/grpc/adapter.ts';
import { openLive } from '../../api/live/live.ts';
import { DEFAULT_STREAMS_PER_TENANT as QUOTA } from '../../api/live/stream-quota.ts';
import { recordHealth } from '../../db/health.ts';
import type { HealthStatus } from '../../domain/health.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { HealthStatus as Health } from '../../proto/gen/slipway/runtime/v1/health_pb.js';
import { RuntimeHealth } from '../../proto/gen/slipway/runtime/v1/runtime_health_pb.js';
import { RuntimeInventory } from '../../proto/gen/slipway/runtime/v1/runtime_inventory_pb.js';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { openGrpcClient, wordsOf, type GrpcClient, type Headers, type Reading } from '../_support/grpc.ts';
import { beginCall, framed, openRawSession } from '../_support/raw-grpc.ts';
import { until } from '../_support/until.ts';

const API = 'module-reservations-api';
const { streamHealth } = RuntimeHealth.method;
const { getServices, watchServices } = RuntimeInventory.method;
/** A connection may have 1,000 streams open. */
const CONNECTIONS = 2;

let stand: ApiStand;
let key: EnvironmentKey;
let bearer: Headers;
/** Of another tenant. */
let theirs: EnvironmentKey;
let theirBearer: Headers;
beforeAll(async () => {
  stand = await openApiStand();
  [key, theirs] = [await deployed('connectsoft'), await deployed('fabrikam')];
  bearer = { authorization: `Bearer ${await stand.token()}` };
  theirBearer = { authorization: `Bearer ${await stand.token({ tenant: 'fabrikam' })}` };
});
afterAll(() => stand?.[Symbol.asyncDispose]());

async function deployed(tenantId: string): Promise<EnvironmentKey> {
  const of = await readyEnvironment(stand, { tenantId });
  await deploy(of);
  return of;
}

async function deploy({ tenantId, environmentId }: EnvironmentKey): Promise<void> {
  const body = deployBody(environmentId, { tenantId });
  const reply = await stand.call('POST', '/v1/runtime/deployments', { body, token: { tenant: tenantId } });
  await completeDeployment(stand.db, { tenantId, environmentId }, reply.body.deploymentId as DeploymentId);
}

let second = 0;
const probe = (of: EnvironmentKey, status: HealthStatus) =>
  stand.db.forTenant(of.tenantId, (tx) =>
    recordHealth(tx, of, API, { status, checks: [], evaluatedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, (second += 1))) }),
  );
const healthOf = ({ environmentId }: EnvironmentKey) => ({ serviceId: API, environmentId });

/** With a connection of its own. */
const openClient = (port: number) => openGrpcClient(port, undefined, { 'grpc.use_local_subchannel_pool': 1 });

/** An API with a quota of its own. */
async function startApi(streamsPerTenant: number) {
  const live = openLive({ db: stand.db, url: stand.config.databaseUrl, streamsPerTenant, onError: () => undefined });
  const { grpc } = await stand.start({ live });
  return { port: grpc.port, [Symbol.asyncDispose]: () => live[Symbol.asyncDispose]() };
}

interface Opened {
  reading: Reading<unknown>;
  /** How it ended; null while it lasts. */
  end: string | null;
}

/** Every other one watches the health, every other one the inventory. */
function openAll(clients: GrpcClient[], count: number): Opened[] {
  return Array.from({ length: count }, (_, at) => {
    const client = clients[Math.floor(at / 2) % clients.length] ?? clients[0]!;
    const reading: Reading<unknown> =
      at % 2 === 0
        ? client.read(streamHealth, healthOf(key), bearer)
        : client.read(watchServices, { environmentId: key.environmentId }, bearer);
    const opened: Opened = { reading, end: null };
    void reading.ended.then((end) => (opened.end = wordsOf(end)));
    return opened;
  });
}

const lasting = (all: Opened[]) => all.filter(({ end }) => end === null);
const endsOf = (all: Opened[]) => all.flatMap(({ end }) => end ?? []);
const allHave = (all: Opened[], messages: number) =>
  until(() => lasting(all).every(({ reading }) => reading.messages.length >= messages), {
    what: `${messages} messages at each of ${all.length} streams`,
  });
const cancelAll = (all: Opened[]) => all.forEach(({ reading }) => reading[Symbol.dispose]());

/** Waits until the tenant may have exactly its quota open. */
async function givenBack(clients: GrpcClient[], quota: number): Promise<void> {
  await until(
    async () => {
      const all = openAll(clients, quota + 1);
      await allHave(all, 1);
      const ends = endsOf(all);
      cancelAll(all);
      return ends.length === 1;
    },
    { what: `all of ${quota} places` },
  );
}

describe('a tenant that opens more streams than it may', () => {
  it('is refused those alone, keeps nobody else waiting, and has its places back when it leaves', async () => {
    const { port } = stand.api.grpc;
    const clients = Array.from({ length: CONNECTIONS }, () => openClient(port));
    using other = openClient(port);
    await probe(key, 'Healthy');
    await probe(theirs, 'Healthy');
    const flood = openAll(clients, QUOTA + 400);
    using beside = other.read(streamHealth, healthOf(theirs), theirBearer);
    const { error } = await other.unary(getServices, { environmentId: theirs.environmentId }, theirBearer);
    expect(wordsOf(error)).toBe('OK');
    await beside.atLeast(1);

    await allHave(flood, 1);
    expect(endsOf(flood)).toEqual(Array(400).fill('RESOURCE_EXHAUSTED TooManyStreams'));
    await probe(key, 'Degraded');
    await deploy(key);
    await probe(theirs, 'Unhealthy');
    await allHave(flood, 2);
    expect(lasting(flood)).toHaveLength(QUOTA);
    expect((await beside.atLeast(2)).map(({ status }) => status)).toEqual([Health.HEALTHY, Health.UNHEALTHY]);

    cancelAll(flood);
    await givenBack(clients, QUOTA);
    for (const client of clients) client[Symbol.dispose]();
  });
});

describe('a connection that resets thousands of the streams it opens', () => {
  it('is cut off, and takes no place and no answer from another one', async () => {
    await using api = await startApi(50);
    using other = openClient(api.port);
    using session = openRawSession(api.port);
    const cut = new Promise<void>((resolve) => session.once('close', resolve));
    await once(session, 'connect');
    const answers: Promise<string>[] = [];
    let opened = 0;
    for (; opened < 10_000 && !session.closed && !session.destroyed; opened += 1) {
      const stream = beginCall(session, streamHealth, { authorization: String(bearer.authorization) });
      stream.end(framed(encode(streamHealth.input, healthOf(key))));
      const reset = () => stream.close(constants.NGHTTP2_CANCEL);
      const stage = (['at once', 'response', 'data'] as const)[opened % 3] ?? 'at once';
      if (stage === 'at once') reset();
      else stream.once(stage, reset);
      if (opened % 100 > 0) continue;
      const asked = other.unary(getServices, { environmentId: key.environmentId }, bearer);
      answers.push(asked.then(({ error }) => wordsOf(error)));
      await setImmediate();
    }
    await cut;
    expect(opened).toBeGreaterThanOrEqual(1_000);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['OK']));
    await givenBack([other], 50);
  });
});

describe('a stream that was answered before it was whole', () => {
  const TOO_LARGE = Buffer.from([0, 0, 255, 255, 255, 0]);

  it.each([
    ['its deadline came', { 'grpc-timeout': '100m' }, Buffer.alloc(0), 'DEADLINE_EXCEEDED'],
    ['what came next was too large', {}, TOO_LARGE, 'RESOURCE_EXHAUSTED'],
  ] as const)('takes no place when the rest of it comes: %s', async (_why, headers, next, expected) => {
    await using api = await startApi(3);
    using session = openRawSession(api.port);
    for (let at = 0; at < 3; at += 1) {
      const stream = beginCall(session, streamHealth, { authorization: String(bearer.authorization), ...headers });
      stream.write(framed(encode(streamHealth.input, healthOf(key))));
      stream.write(next);
      const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders];
      expect(status[Number(answer['grpc-status'])]).toBe(expected);
      stream.end().resume();
      await once(stream, 'close');
    }
    using client = openClient(api.port);
    await givenBack([client], 3);
  });
});

describe('a call with more headers than any needs', () => {
  const named = (count: number, bytes: number): Headers =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, 'v'.repeat(bytes)]));

  it.each([
    ['10,000 of them', named(10_000, 1)],
    ['one of 20 kB', named(1, 20_000)],
    ['a hundred of 200 bytes', named(100, 200)],
  ])('is refused as RESOURCE_EXHAUSTED, and its connection goes on: %s', async (_what, headers) => {
    using client = openClient(stand.api.grpc.port);
    const ask = (more: Headers) =>
      client.unary(getServices, { environmentId: key.environmentId }, { ...bearer, ...more });
    expect(wordsOf((await ask({})).error)).toBe('OK');
    expect(wordsOf((await ask(headers)).error)).toBe('RESOURCE_EXHAUSTED');
    expect(wordsOf((await ask(named(10, 1_000))).error)).toBe('OK');
  });
});
