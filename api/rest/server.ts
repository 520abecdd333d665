/** The REST front door: an Express application around the router, and the listener it stands on. */
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { PlatformError, type ErrorCode } from '../../domain/errors.ts';
import { deprecationHeaders } from '../deprecation.ts';
import type { ApiDeps } from '../deps.ts';
import { VERSION_PREFIX } from '../paths.ts';
import { problemAnswer } from '../problem.ts';
import { refusalOf } from '../refusal.ts';
import { standardHeaders } from '../schema-version.ts';
import { depsOf, PUBLIC, type Surface } from '../surfaces.ts';
import type { Tls } from '../tls.ts';
import { traceIdOf } from '../trace.ts';
import { openReadiness } from './probes.ts';
import { parseQuery } from './query.ts';
import { addReference, REFERENCE_PATHS } from './reference.ts';
import { buildRouter, send, setAll, traceOf } from './router.ts';

export interface RestServer extends AsyncDisposable {
  url: string;
  port: number;
  /** From now on `/readyz` says no, and calls are still taken. */
  goDown(): void;
}

export interface RestOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** @default the public one */
  surface?: Surface;
  tls?: Tls;
  /** Whether clients speak TLS, to us or to what stands before us: then they are told to go on so. @default with `tls` */
  isSecure?: boolean;
}

const SECURITY_HEADERS: Record<string, string> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const STRICT_TRANSPORT = { 'strict-transport-security': 'max-age=31536000' };
/** A client that does not get through its handshake holds a connection no longer than this. */
const HANDSHAKE_MS = 10_000;
/** Longer than what stands before us leaves a connection idle (60 s, as a rule): who closes first must not be us. */
const KEEP_ALIVE_MS = 65_000;

/** Listens; its disposal takes readiness down, lets calls in flight end, ends streams, and closes. */
export async function startRest(deps: ApiDeps, options: RestOptions): Promise<RestServer> {
  const { host, port, surface = PUBLIC, tls, isSecure = tls !== undefined } = options;
  const headers = { ...SECURITY_HEADERS, ...(isSecure && STRICT_TRANSPORT) };
  const stopping = new AbortController();
  const readiness = openReadiness(deps.readiness);
  const running = new Set<Promise<void>>();
  const app = buildApp(deps, surface, headers, readiness.check, stopping.signal, running);
  // Node would answer these itself, without our headers.
  const ours = { requireHostHeader: false, keepAliveTimeout: KEEP_ALIVE_MS };
  const server = tls ? createTlsServer({ ...ours, ...tlsOptions(tls) }, app) : createServer(ours, app);
  server.on('checkExpectation', app);
  server.on('connect', (_request, socket: Socket) =>
    refuseRaw(headers, socket, 405, 'Method Not Allowed', 'MethodNotAllowed'),
  );
  server.on('clientError', (error: Error, socket: Socket) => refuseNonHttp(headers, error, socket));
  const sockets = new Set<Socket>();
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const { port: taken } = server.address() as AddressInfo;
  let ended: Promise<void> | undefined;
  return {
    url: `http${tls ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    port: taken,
    goDown: readiness.goDown,
    async [Symbol.asyncDispose]() {
      readiness.goDown();
      stopping.abort(new PlatformError('ShuttingDown', 'This API process stops.'));
      ended ??= closed(server, sockets, running);
      await ended;
    },
  };
}

function tlsOptions({ cert, key, clientCa }: Tls): ServerOptions {
  const client = clientCa && { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  return { cert, key, handshakeTimeout: HANDSHAKE_MS, ...client };
}

function buildApp(
  deps: ApiDeps,
  surface: Surface,
  securityHeaders: Record<string, string>,
  ready: () => ReturnType<ReturnType<typeof openReadiness>['check']>,
  stopping: AbortSignal,
  running: Set<Promise<void>>,
): Express {
  const own = depsOf(surface, deps);
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', parseQuery);
  // One spelling for each path: what stands before the API may have rules by path.
  app.enable('case sensitive routing').enable('strict routing');
  app.use((request: Request, response: Response, next: NextFunction) => {
    answering.set(request.socket, response);
    response.locals.traceId = traceIdOf(request.get('traceparent'));
    setAll(response, { ...securityHeaders, ...standardHeaders(traceOf(response)) });
    if (request.httpVersion === '1.1' && request.headers.host === undefined) {
      throw new PlatformError('MalformedRequest', 'HTTP/1.1 asks for a Host header.');
    }
    if (isOfVersion(request.path)) {
      if (surface.deprecated) setAll(response, deprecationHeaders(surface.deprecated));
      const flood = refusalOfFlood(own, request);
      // Not thrown: the way to the error handler costs more than all else here.
      if (flood) return refuse(deps, flood, response);
    }
    next();
  });
  app.get('/healthz', (_request, response) => send(response, { status: 200, body: { status: 'ok' } }));
  app.get('/readyz', async (_request, response) => send(response, await ready()));
  addReference(app, surface);
  app.all(['/healthz', '/readyz', ...REFERENCE_PATHS], () => {
    throw new PlatformError('MethodNotAllowed', 'This path answers GET, HEAD.', { details: { allow: 'GET, HEAD' } });
  });
  app.use(buildRouter(own, surface.endpoints, stopping, running));
  app.use(() => {
    throw new PlatformError('RouteNotFound', 'There is nothing at this path.');
  });
  // Express tells an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) =>
    refuse(deps, error, response),
  );
  return app;
}

/** What would be refused for its rate is refused here too, before anything is spent on it; here it does not count. */
function refusalOfFlood({ tokens, limits }: ApiDeps, { headers }: Request): PlatformError | null {
  const principal = tokens.known(headers.authorization);
  return principal && limits.refusal(principal);
}

/** With its prefix, or by the alias that answers alike. */
function isOfVersion(path: string): boolean {
  return path.startsWith(`${VERSION_PREFIX}/`) || path.startsWith('/runtime/');
}

function refuse({ log }: ApiDeps, thrown: unknown, response: Response): void {
  const error = refusalOf(thrown);
  const traceId = traceOf(response);
  if (error.kind === 'internal') log.error({ traceId, err: error.cause }, 'a call failed');
  else if (error.kind === 'unavailable') log.warn({ traceId, code: error.code, err: error.cause }, error.message);
  if (response.headersSent) response.destroy();
  else send(response, problemAnswer(error, traceId));
}

/** The answer that a connection is about, or was about last. */
const answering = new WeakMap<Socket, Response>();

/** What is not HTTP gets the same form of refusal; Node's own has none of our headers. */
function refuseNonHttp(
  securityHeaders: Record<string, string>,
  error: Error & { code?: string },
  socket: Socket,
): void {
  const begun = answering.get(socket);
  // Within an answer, e.g. when the body of a feed takes too long, nothing else can be said.
  if (error.code === 'ECONNRESET' || !socket.writable || (begun?.headersSent && !begun.writableEnded)) {
    socket.destroy();
    return;
  }
  const [status, reason]: [number, string] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout']
        : [400, 'Bad Request'];
  refuseRaw(securityHeaders, socket, status, reason, 'MalformedRequest');
}

/** A problem document, written by hand where there is no response to write it to. */
function refuseRaw(
  securityHeaders: Record<string, string>,
  socket: Socket,
  status: number,
  title: string,
  code: ErrorCode,
): void {
  const traceId = traceIdOf(undefined);
  const body = JSON.stringify({ type: `urn:slipway:problem:${code}`, title, status, code, traceId });
  const headers = Object.entries({
    ...securityHeaders,
    ...standardHeaders(traceId),
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  );
}

/** @param running a call whose caller is gone has no connection, and may still use what is closed after the server */
async function closed(
  server: Server,
  sockets: ReadonlySet<Socket>,
  running: ReadonlySet<Promise<void>>,
): Promise<void> {
  const end = new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
  // A connection becomes idle when its last answer is out; a kept-alive one would hold the end up for seconds.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
    // Node does not call one idle on which nothing was asked yet.
    for (const socket of sockets) if (!answering.has(socket)) socket.destroy();
  }, 50);
  await end.finally(() => clearInterval(sweep));
  await Promise.allSettled(running);
}
