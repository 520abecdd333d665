/** A gRPC front door: the methods of one surface, the standard health service, and reflection. */
import type { Http2Server, IncomingHttpHeaders } from 'node:http2';
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { PlatformError } from '../../domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import { depsOf, PUBLIC, type Surface } from '../surfaces.ts';
import type { Tls } from '../tls.ts';
import { definitionOf } from './adapter.ts';
import type { GrpcMethod } from './method.ts';
import { internalMethods, publicMethods } from './methods.ts';
import { reflectionOf } from './reflection.ts';

export interface GrpcServer extends AsyncDisposable {
  port: number;
}

export interface GrpcOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** @default the public one */
  surface?: Surface;
  tls?: Tls;
}

const DRAIN_MS = 5_000;

const LIMITS = {
  /** Far above any request of this contract. */
  'grpc.max_receive_message_length': 64 * 1024,
  /** Of one connection; what a tenant may have open is counted over all of them. */
  'grpc.max_concurrent_streams': 1_000,
  /** What a connection may hold in memory beyond what it has open already, MB. */
  'grpc-node.max_session_memory': 64,
  /** A peer that is gone is noticed, whatever it had open. */
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

/** Of a call, bytes: what Node takes on REST. */
const MAX_HEADERS_BYTES = 16 * 1024;

/** Listens; its disposal says so to health checks, ends streams, and lets calls in flight end, up to a limit. */
export async function startGrpc(deps: ApiDeps, options: GrpcOptions): Promise<GrpcServer> {
  const { host, port, surface = PUBLIC, tls } = options;
  const methods = surface.isInternal ? internalMethods : publicMethods;
  const stopping = new AbortController();
  const server = new Server(LIMITS);
  const names = addMethods(server, depsOf(surface, deps), methods, stopping.signal);
  const health = new HealthImplementation(Object.fromEntries(['', ...names].map((name) => [name, 'SERVING'])));
  health.addToServer(server);
  reflectionOf(methods.map(({ method }) => method.parent)).addToServer(server);
  const taken = await new Promise<number>((resolve, reject) => {
    const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    server.bindAsync(at, credentialsOf(tls), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  const { http2Servers } = server as unknown as { http2Servers: Map<Http2Server, unknown> };
  for (const http2Server of http2Servers.keys()) {
    http2Server.updateSettings({ maxHeaderListSize: MAX_HEADERS_BYTES });
    seeEveryToken(http2Server);
  }
  let ended: Promise<void> | undefined;
  return {
    port: taken,
    async [Symbol.asyncDispose]() {
      for (const name of ['', ...names]) health.setStatus(name, 'NOT_SERVING');
      stopping.abort(new PlatformError('ShuttingDown', 'This API process stops.'));
      ended ??= drained(server);
      await ended;
    },
  };
}

/** @returns the names of the services that they are of */
function addMethods(server: Server, deps: ApiDeps, methods: GrpcMethod[], stopping: AbortSignal): string[] {
  const services = new Set(methods.map(({ method }) => method.parent));
  for (const service of services) {
    const own = methods.filter(({ method }) => method.parent === service);
    const handlers = own.map(({ method, handler }) => [method.localName, handler(deps, stopping)]);
    server.addService(definitionOf(service), Object.fromEntries(handlers) as UntypedServiceImplementation);
  }
  return [...services].map(({ typeName }) => typeName);
}

/**
 * Of two `authorization` entries Node gives the first alone to whoever asks for the headers, and what stands between may
 * have believed the other: such a call carries no token that can be believed.
 */
function seeEveryToken(http2Server: Http2Server): void {
  http2Server.prependListener('stream', (_stream, headers: IncomingHttpHeaders, _flags, fields: string[]) => {
    const tokens = fields.filter((field, at) => at % 2 === 0 && field === 'authorization');
    if (tokens.length > 1) headers.authorization = `${tokens.length} authorization entries`;
  });
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
