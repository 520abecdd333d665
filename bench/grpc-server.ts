/** The process that `bench/grpc.ts` asks: the API, and a bare grpc-js server of the same bytes beside it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { encode } from '../api/grpc/adapter.ts';
import { appendEvent } from '../db/events.ts';
import { replaceServices } from '../db/services.ts';
import { HealthStatus } from '../proto/gen/slipway/runtime/v1/health_pb.js';
import { RuntimeHealth } from '../proto/gen/slipway/runtime/v1/runtime_health_pb.js';
import { RuntimeInventory } from '../proto/gen/slipway/runtime/v1/runtime_inventory_pb.js';
import { openApiStand } from '../test/_support/api.ts';
import { readyEnvironment } from '../test/_support/api-states.ts';
import { openGrpcClient } from '../test/_support/grpc.ts';
import type { Ready } from './grpc.ts';

const SIZES = [1, 20, 100, 500];
const { getServices } = RuntimeInventory.method;
const { streamHealth } = RuntimeHealth.method;

await using stand = await openApiStand();
const token = await stand.token();
const asIs = (bytes: Buffer) => bytes;
const bare = new Server();
const requests: Ready['requests'] = {};
let key = { tenantId: '', environmentId: 'env-0' as `env-${string}` };
for (const size of SIZES) {
  const of = await environmentWith(size);
  if (size === 1) key = of;
  const request = encode(getServices.input, { environmentId: of.environmentId });
  requests[size] = request.toString('base64');
  const bytes = await bytesOf(request);
  addBare(`/bare/${size}`, false, (_call: unknown, answer: (error: null, bytes: Buffer) => void) =>
    answer(null, bytes),
  );
}
const streamRequest = encode(streamHealth.input, { serviceId: 'module-0', environmentId: key.environmentId });
const subscribers = new Set<ServerWritableStream<Buffer, Buffer>>();
const sample = encode(streamHealth.output, {
  ...{ serviceId: 'module-0', environmentId: key.environmentId, status: HealthStatus.HEALTHY },
  evaluatedAt: { seconds: 1_780_000_000n, nanos: 0 },
});
addBare('/bare/stream', true, (call: ServerWritableStream<Buffer, Buffer>) => {
  subscribers.add(call);
  call.on('cancelled', () => subscribers.delete(call));
  call.write(sample);
});
const bound = await new Promise<number>((resolve, reject) =>
  bare.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  ),
);

const unwatched = await environmentWith(1);
const changer = fork(join(import.meta.dirname, 'grpc-changer.ts'), [
  ...[stand.config.databaseUrl, key.tenantId, key.environmentId, unwatched.environmentId],
]);
process.on('message', ({ ask }: { ask: string }) => void answerTo(ask));
const ended = new Promise<void>((resolve) => process.once('disconnect', resolve));
const ready: Ready = {
  token,
  ports: { ours: stand.api.grpc.port, bare: bound },
  requests,
  streamRequest: streamRequest.toString('base64'),
};
process.send?.(ready);
await ended;
changer.disconnect();
bare.forceShutdown();

async function answerTo(ask: string): Promise<void> {
  if (ask === 'cpu') {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  } else if (ask === 'rss') {
    for (let round = 0; round < 3; round++) globalThis.gc?.();
    process.send?.(process.memoryUsage.rss());
  } else {
    const at = await change(ask);
    if (ask === 'broadcast') broadcast();
    process.send?.(at);
  }
}

function broadcast(): void {
  for (const call of subscribers) call.write(sample);
}

/** @returns when it began, ms */
async function change(ask: string): Promise<number> {
  changer.send(ask);
  const [at] = (await once(changer, 'message')) as [number];
  return at;
}

async function environmentWith(services: number) {
  const of = await readyEnvironment(stand);
  const rows = Array.from({ length: services }, (_, at) => ({
    ...of,
    ...{ serviceId: `module-${at}`, image: `acr.azurecr.io/module-${at}:1.4.2`, digest: `sha256:${'0'.repeat(64)}` },
    ...{ target: 'aks' as const, revision: '0123456789abcdef', replicas: 2, configurationId: null },
    ...{ endpoint: 'http://127.0.0.1:20000', deploymentId: 'dep-0' as const },
  }));
  await stand.db.forTenant(of.tenantId, async (tx) => {
    await replaceServices(tx, of, rows);
    await appendEvent(tx, of, { type: 'bench.begun', data: {} });
  });
  return of;
}

async function bytesOf(request: Buffer): Promise<Buffer> {
  using client = openGrpcClient(stand.api.grpc.port);
  const { response } = await client.unary(getServices, request, { authorization: `Bearer ${token}` });
  if (!response) throw new Error('GetServices did not answer');
  return encode(getServices.output, response);
}

function addBare(path: string, responseStream: boolean, handle: unknown): void {
  const definition = { path, requestStream: false, responseStream, originalName: 'call' };
  const codecs = {
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
  bare.addService({ call: { ...definition, ...codecs } }, { call: handle as never });
}
