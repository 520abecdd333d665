/** The API as it is wired in `bin/api.ts`, in the test's process, over real Postgres, Temporal and a real issuer. No worker runs. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { openIssuerKeys } from '../../api/auth/keys.ts';
import { openTokenVerifier } from '../../api/auth/token.ts';
import type { RateLimiter } from '../../api/limits.ts';
import type { ApiDeps } from '../../api/deps.ts';
import { startGrpc, type GrpcServer } from '../../api/grpc/server.ts';
import { openLive } from '../../api/live/live.ts';
import { startRest, type RestServer } from '../../api/rest/server.ts';
import { INTERNAL } from '../../api/surfaces.ts';
import type { Tls } from '../../api/tls.ts';
import type { Config } from '../../bin/config.ts';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { openDatabase, type Database } from '../../db/client.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { DEFAULT_QUOTAS } from '../../domain/quota.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { obtainToken, type TokenRequest } from '../../local/issuer/obtain-token.ts';
import { startPlatform } from '../../local/platform/platform.ts';
import { processCompute } from '../../providers/compute/process.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import { openCedar } from '../../providers/governance/cedar.ts';
import { openRing, openTell } from '../../workflows/client.ts';
import { ensureTemporal } from '../../workflows/temporal.ts';
import { testConfig } from './config.ts';
import { internalContract, publicContract } from './contract.ts';
import { leaveResponses, watchResponses } from './every-response.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

const NO_LIMITS: RateLimiter = { admit: () => undefined, refusal: () => null };

export interface Reply {
  status: number;
  headers: Headers;
  // Tests look into it field by field.
  body: Record<string, unknown> & { code?: string; errors?: { pointer: string; message: string }[] };
}

export interface CallOptions {
  /** A token, or what to ask the issuer for; null calls without one. @default connectsoft with every scope */
  token?: string | null | Partial<TokenRequest>;
  /** An object is sent as JSON, a string as it is. */
  body?: unknown;
  headers?: Record<string, string>;
  /** @default the first API that was started */
  api?: RunningApi;
  /** Calls the internal APIs; its token is of their audience then, and without a scope. */
  internal?: boolean;
}

export interface RunningApi {
  rest: RestServer;
  internal: RestServer;
  grpc: GrpcServer;
  internalGrpc: GrpcServer;
}

export interface ApiStand extends AsyncDisposable {
  config: Config;
  db: Database;
  /** Of the API that every call goes to unless it names another. */
  api: RunningApi;
  /** What every API here is built from. */
  deps: ApiDeps;
  /** Every ring of a lane, in order. */
  rings: EnvironmentKey[];
  token(request?: Partial<TokenRequest>): Promise<string>;
  /** Fails when the answer is not one that the published document has for this call. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** Another API over the same parts, with some of them replaced. */
  start(change?: Partial<ApiDeps>, edge?: { tls?: Tls; isSecure?: boolean }): Promise<RunningApi>;
}

export async function openApiStand(): Promise<ApiStand> {
  const config = await testConfig();
  const platform = await startPlatform({
    config,
    parts: ['postgres', 'temporal', 'issuer'],
    durable: false,
    onProgress: () => undefined,
  });
  await migrateDatabase(platform.config.databaseUrl);
  const db = openDatabase({ url: platform.config.databaseUrl, poolSize: 20 });
  const { client, connection } = openTemporal(config.temporal);
  await ensureTemporal(connection, config.temporal.namespace);
  const keys = openIssuerKeys({ issuer: config.oidc.issuer });
  const realRing = openRing({ client, taskQueue: config.temporal.taskQueue });
  const rings: EnvironmentKey[] = [];
  const live = openLive({ db, url: platform.config.databaseUrl, onError: () => undefined });
  const secrets = localVault({ folder: join(config.home, 'vault'), keyFile: join(config.home, 'vault.key') });
  const deps: ApiDeps = {
    ...{ db, live },
    ring: async (key) => {
      rings.push(key);
      await realRing(key);
    },
    tell: openTell({ client }),
    governance: openCedar({ folder: join(ROOT, 'policies') }),
    compute: processCompute({ supervisorUrl: config.supervisorUrl, proxyUrl: config.proxyUrl, token: 'none', secrets }),
    secrets,
    imageRegistries: null,
    // Tests make more than a tenant would; those about quotas start an API of their own.
    quotas: { ...DEFAULT_QUOTAS, environments: 100_000, operations: 10_000 },
    tokens: openTokenVerifier({ ...config.oidc, keys }),
    internalTokens: openTokenVerifier({ ...config.oidc, audience: config.oidc.internalAudience, keys }),
    // Many tests send floods; one of the limits says so.
    limits: NO_LIMITS,
    internalLimits: NO_LIMITS,
    readiness: [
      { name: 'database', isNeeded: true, check: () => db.ping() },
      { name: 'issuer', isNeeded: true, check: () => keys.check() },
    ],
    // A 500 is never expected: its cause shows in the test's output.
    log: pino({ level: 'error' }),
  };
  const running: RunningApi[] = [];
  const tokens = new Map<string, Promise<string>>();
  const token = (request: Partial<TokenRequest> = {}) => {
    const known = JSON.stringify(request);
    const asked = tokens.get(known) ?? obtainToken({ home: config.home, issuer: config.oidc.issuer, ...request });
    tokens.set(known, asked);
    return asked;
  };
  const start = async (change: Partial<ApiDeps> = {}, edge: { tls?: Tls; isSecure?: boolean } = {}) => {
    const of = { ...deps, ...change };
    const address = { host: '127.0.0.1', port: 0, ...edge };
    const api = {
      rest: await startRest(of, address),
      internal: await startRest(of, { ...address, surface: INTERNAL }),
      grpc: await startGrpc(of, address),
      internalGrpc: await startGrpc(of, { ...address, surface: INTERNAL }),
    };
    running.push(api);
    for (const { port } of [api.rest, api.internal]) watchResponses(port);
    return api;
  };
  const api = await start();
  return {
    config: platform.config,
    ...{ db, deps, api, rings, token, start },
    async call(method, path, options = {}) {
      const internal = options.internal ? { audience: config.oidc.internalAudience, scopes: [] } : {};
      const bearer =
        typeof options.token === 'string'
          ? options.token
          : options.token === null
            ? null
            : await token({ ...internal, ...options.token });
      const at = (options.api ?? api)[options.internal ? 'internal' : 'rest'];
      return await request(at.url, method, path, bearer, options);
    },
    async [Symbol.asyncDispose]() {
      for (const { rest, internal, grpc, internalGrpc } of running) {
        await Promise.all([rest, internal, grpc, internalGrpc].map((server) => server[Symbol.asyncDispose]()));
        for (const { port } of [rest, internal]) leaveResponses(port);
      }
      await connection.close();
      await live[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
      await platform.stop();
      rmSync(config.home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function request(
  origin: string,
  method: string,
  path: string,
  bearer: string | null,
  options: CallOptions,
): Promise<Reply> {
  const { body, headers } = options;
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: {
      ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const text = isStream ? await beginningOf(response) : await response.text();
  const contract = options.internal ? internalContract : publicContract;
  contract.checkAnswer({ method, path, status: response.status, headers: response.headers, text });
  const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    body: (isJson ? JSON.parse(text) : {}) as Reply['body'],
  };
}

/** What a stream of events says first; then it is left. */
async function beginningOf(response: Response): Promise<string> {
  let text = '';
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString('utf8');
    if (/^data: /m.test(text)) break;
  }
  return text;
}
