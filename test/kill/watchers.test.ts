/** Two processes of the API, and hundreds that watch by the one that is killed: they go on at the other, and miss nothing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventsAfter } from '../../db/events.ts';
import { recordHealth } from '../../db/health.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { RuntimeHealth, type StreamHealthResponse } from '../../proto/gen/slipway/runtime/v1/runtime_health_pb.js';
import { openApiStand, ROOT, type ApiStand } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { watchResponses } from '../_support/every-response.ts';
import { freePorts } from '../_support/free-port.ts';
import { openGrpcClient, type GrpcClient, type Reading } from '../_support/grpc.ts';
import { openEvents, type EventReader } from '../_support/server-sent-events.ts';
import { until } from '../_support/until.ts';

/** Of each kind. */
const WATCHERS = 200;
const CHANGES = 120;
const SERVICE = 'module-reservations-api';
const { streamHealth } = RuntimeHealth.method;

interface Api extends Disposable {
  process: ChildProcess;
  url: string;
  grpc: GrpcClient;
}

let stand: ApiStand;
let key: EnvironmentKey;
let authorization: string;
const apis: Api[] = [];
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
  const { body } = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
  await completeDeployment(stand.db, key, body.deploymentId as DeploymentId);
  authorization = `Bearer ${await stand.token()}`;
  apis.push(await startApi(), await startApi());
});
afterAll(async () => {
  for (const api of apis) api[Symbol.dispose]();
  await stand?.[Symbol.asyncDispose]();
});

async function startApi(): Promise<Api> {
  const ports = await freePorts(['REST', 'INTERNAL', 'GRPC', 'INTERNAL_GRPC']);
  const env = { ...stand.config.env, DATABASE_URL: stand.config.databaseUrl, ...ports };
  const api = spawn(process.execPath, [join(ROOT, 'bin/api.ts')], { env, stdio: 'ignore' });
  const url = `http://127.0.0.1:${ports.SLIPWAY_REST_PORT}`;
  watchResponses(Number(ports.SLIPWAY_REST_PORT));
  await until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'the API to be ready' });
  const grpc = openGrpcClient(Number(ports.SLIPWAY_GRPC_PORT));
  const dispose = () => {
    grpc[Symbol.dispose]();
    api.kill('SIGKILL');
  };
  return { process: api, url, grpc, [Symbol.dispose]: dispose };
}

/** Watches by each API in turn, by the next one as soon as the stream by the one before is cut off. */
function watch<R extends Disposable & { ended: Promise<unknown> }>(
  route: Api[],
  open: (api: Api, before: R[]) => R | Promise<R>,
): R[] {
  const readers: R[] = [];
  const follow = async () => {
    for (const api of route) {
      const reader = await open(api, readers);
      readers.push(reader);
      await reader.ended.catch(() => undefined);
    }
  };
  void follow();
  return readers;
}

async function openEventsAt({ url }: Api, before: EventReader[]): Promise<EventReader> {
  const lastEventId = eventsOf(before).at(-1)?.id;
  return await openEvents(`${url}/v1/runtime/environments/${key.environmentId}/events`, {
    authorization,
    ...(lastEventId && { 'last-event-id': lastEventId }),
  });
}
const eventsOf = (readers: EventReader[]) => readers.flatMap(({ events }) => events);

function openHealthAt({ grpc }: Api): Reading<StreamHealthResponse> {
  return grpc.read(streamHealth, { serviceId: SERVICE, environmentId: key.environmentId }, { authorization });
}
const healthOf = (readers: Reading<StreamHealthResponse>[]) => readers.flatMap(({ messages }) => messages);

/** Each is an event of the environment, and a state of the service unlike every other. */
async function change(at: number): Promise<void> {
  const checks = [{ name: String(at), status: 'Healthy' as const }];
  const evaluatedAt = new Date(Date.UTC(2026, 0, 1) + at * 1_000);
  await stand.db.forTenant(key.tenantId, (tx) =>
    recordHealth(tx, key, SERVICE, { status: 'Healthy', checks, evaluatedAt }),
  );
}
const changeOf = ({ checks }: StreamHealthResponse) => Number(checks[0]?.name);

it(`${WATCHERS} that watch by SSE and ${WATCHERS} by gRPC go on at the other API when theirs is killed, and miss nothing`, async () => {
  const [killed, other] = apis as [Api, Api];
  await change(0);
  using watching = new DisposableStack();
  const events = Array.from({ length: WATCHERS }, () => watch([killed, other], openEventsAt));
  const health = Array.from({ length: WATCHERS }, () => watch([killed, other], openHealthAt));
  // These watch by the other one all along: both deliver.
  events.push(watch([other], openEventsAt));
  health.push(watch([other], openHealthAt));
  watching.defer(() => [...events, ...health].flat().forEach((reader) => reader[Symbol.dispose]()));
  const all = (holds: () => boolean, what: string) => until(holds, { what });
  await all(() => events.every((one) => eventsOf(one).length > 0), 'every watcher of events to be there');
  await all(() => health.every((one) => healthOf(one).length > 0), 'every watcher of the health to be there');

  for (let at = 1; at <= CHANGES; at++) {
    await change(at);
    if (at !== CHANGES / 2) continue;
    // The half of them have come by the one that is killed now, with the others on their way.
    await all(() => events.every((one) => eventsOf(one).length > at / 2), 'some events at every watcher');
    killed.process.kill('SIGKILL');
    await once(killed.process, 'exit');
  }

  const rows = await stand.db.forTenant(key.tenantId, (tx) => eventsAfter(tx, key, 0, { limit: 10_000 }));
  const { id: lastId } = rows.at(-1) ?? {};
  await all(() => events.every((one) => eventsOf(one).at(-1)?.id === lastId), 'the last event at every watcher');
  await all(() => health.every((one) => healthOf(one).map(changeOf).at(-1) === CHANGES), 'the present state');

  expect(events.filter((readers) => readers.length === 2)).toHaveLength(WATCHERS);
  for (const readers of events) {
    const [opened, ...told] = eventsOf(readers);
    expect(opened?.event).toBe('opened');
    // What is told of the stream itself aside, all that was committed since it was opened: each once, in its order.
    const since = rows.filter(({ revision }) => revision > Number(opened?.data.revision)).map(({ id }) => id);
    expect(told.map(({ id }) => id)).toEqual(since);
  }
  expect(health.filter((readers) => readers.length === 2)).toHaveLength(WATCHERS);
  for (const readers of health) {
    const told = healthOf(readers).map(changeOf);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  }
});
