/** The gRPC front door. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { RuntimeInventory } from '../../proto/gen/slipway/runtime/v1/runtime_inventory_pb.ts';
import type { ApiDeps } from '../deps.ts';
import type { Tls } from '../tls.ts';
import { definitionOf } from './adapter.ts';
import { inventoryService } from './inventory.ts';

export interface GrpcServer extends AsyncDisposable {
  port: number;
}

export interface GrpcOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  tls?: Tls;
}

const DRAIN_MS = 5_000;

/** Listens; its disposal lets calls in flight end, up to a limit. */
export async function startGrpc(deps: ApiDeps, { host, port, tls }: GrpcOptions): Promise<GrpcServer> {
  const server = new Server();
  server.addService(definitionOf(RuntimeInventory), inventoryService(deps));
  const taken = await new Promise<number>((resolve, reject) => {
    const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    server.bindAsync(at, credentialsOf(tls), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  let ended: Promise<void> | undefined;
  return {
    port: taken,
    async [Symbol.asyncDispose]() {
      ended ??= drained(server);
      await ended;
    },
  };
}

function credentialsOf(tls: Tls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const { cert, key, clientCa = null } = tls;
  return ServerCredentials.createSsl(clientCa, [{ cert_chain: cert, private_key: key }], clientCa !== null);
}

async function drained(server: Server): Promise<void> {
  const timer = setTimeout(() => server.forceShutdown(), DRAIN_MS);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(timer);
}
