/** The API: REST and gRPC over one core, and the reconcile loop beside them. */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { pino } from 'pino';
import { openIssuerKeys } from '../api/auth/keys.ts';
import { openTokenVerifier } from '../api/auth/token.ts';
import type { ApiDeps } from '../api/deps.ts';
import { join } from 'node:path';
import { startGrpc } from '../api/grpc/server.ts';
import { openRateLimits } from '../api/limits.ts';
import { openLive, type Live } from '../api/live/live.ts';
import { startRest } from '../api/rest/server.ts';
import { INTERNAL } from '../api/surfaces.ts';
import { openDatabase, type Database } from '../db/client.ts';
import { ensureSecretFile } from '../local/secret-file.ts';
import { processCompute } from '../providers/compute/process.ts';
import { localVault } from '../providers/secrets/local-vault.ts';
import { openEnsureSweeps, openRing, openTell, type Ring, type Tell } from '../workflows/client.ts';
import { reconcile } from '../workflows/reconcile.ts';
import { openTendVersions } from '../workflows/tend-versions.ts';
import { ConfigError } from './config-error.ts';
import { readConfig } from './config.ts';
import { readDataConverter } from './data-converter.ts';
import { readEdge, type Edge } from './edge.ts';
import { openGovernance } from './governance.ts';
import { readImageRegistries } from './image-registries.ts';
import { readQuotas } from './quota.ts';
import { readRateLimits } from './rate-limits.ts';
import { readStreamsPerTenant } from './streams.ts';
import { openTemporal } from './temporal-connection.ts';
import { readDecryptionKey } from './token-decryption.ts';

const log = pino({ name: 'api' }, pino.destination({ sync: false }));
const config = readConfig();
await serve().catch(refuseUnusable);

async function serve(): Promise<void> {
  const edge = readEdge(config.env);
  await using db = openDatabase({ url: config.databaseUrl, poolSize: 20 });
  await using live = openLive({
    db,
    url: config.databaseUrl,
    streamsPerTenant: readStreamsPerTenant(config.env),
    onError: (error) => log.warn({ reason: String(error) }, 'changes are not told for the moment'),
  });
  const { client, connection } = openTemporal(config.temporal, await readDataConverter(config.env));
  const ring = openRing({ client, taskQueue: config.temporal.taskQueue });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  await listenUntil(stop.signal, buildDeps(db, live, { ring, tell: openTell({ client }) }, connection), edge, () =>
    reconcile({
      ...{ db, client, connection, ring, signal: stop.signal, taskQueue: config.temporal.taskQueue },
      ensureSweeps: openEnsureSweeps({ client, taskQueue: config.temporal.taskQueue }),
      tell: openTell({ client }),
      tendVersions: openTendVersions({ client, taskQueue: config.temporal.taskQueue }, config.temporal.deployment),
      onError: (error) => {
        if (!stop.signal.aborted) log.warn({ reason: String(error) }, 'a pass of reconcile failed');
      },
    }),
  );
  await connection.close();
  log.info('drained and stopped');
}

/** The front doors, and `beside` with them, until the signal; then readiness goes down first, and calls in flight end. */
async function listenUntil(signal: AbortSignal, deps: ApiDeps, edge: Edge, beside: () => Promise<void>): Promise<void> {
  const { rest: restPort, internal: internalPort, grpc: grpcPort, internalGrpc: internalGrpcPort } = config.ports;
  await using rest = await listening('SLIPWAY_REST_PORT', restPort, (port) => startRest(deps, { ...edge, port }));
  if (!rest) return;
  const atInternal = { host: edge.internalHost, surface: INTERNAL };
  await using internal = await listening('SLIPWAY_INTERNAL_PORT', internalPort, (port) =>
    startRest(deps, { ...edge, ...atInternal, port }),
  );
  if (!internal) return;
  await using grpc = await listening('SLIPWAY_GRPC_PORT', grpcPort, (port) => startGrpc(deps, { ...edge, port }));
  if (!grpc) return;
  await using internalGrpc = await listening('SLIPWAY_INTERNAL_GRPC_PORT', internalGrpcPort, (port) =>
    startGrpc(deps, { ...edge, ...atInternal, port }),
  );
  if (!internalGrpc) return;
  const at = {
    rest: rest.url,
    internal: internal.url,
    grpc: `${edge.host}:${grpc.port}`,
    internalGrpc: `${edge.internalHost}:${internalGrpc.port}`,
  };
  log.info({ ...at, tls: edge.tls !== undefined }, 'listens');
  const running = beside();
  if (!signal.aborted) await once(signal, 'abort');
  rest.goDown();
  internal.goDown();
  await setTimeout(edge.shutdownDelaySeconds * 1000);
  await Promise.all([rest, internal, grpc, internalGrpc].map((server) => server[Symbol.asyncDispose]()));
  await running;
}

function buildDeps(db: Database, live: Live, workflows: { ring: Ring; tell: Tell }, connection: Connection): ApiDeps {
  const { home, supervisorUrl, proxyUrl, adminTokenFile, oidc, temporal } = config;
  const onFailure = (failure: Error) => log.warn({ err: failure.cause }, 'the keys of the issuer cannot be read');
  const keys = openIssuerKeys({ issuer: oidc.issuer, onFailure });
  const verifier = { issuer: oidc.issuer, keys, decryptionKey: readDecryptionKey(config.env) };
  const limits = readRateLimits(config.env);
  const governance = openGovernance(config.env);
  const { reach } = governance;
  const secrets = localVault({ folder: join(home, 'vault'), keyFile: join(home, 'vault.key') });
  const describeNamespace = () => connection.workflowService.describeNamespace({ namespace: temporal.namespace });
  return {
    db,
    live,
    ...workflows,
    governance,
    compute: processCompute({ supervisorUrl, proxyUrl, token: ensureSecretFile(adminTokenFile), secrets }),
    secrets,
    imageRegistries: readImageRegistries(config.env),
    quotas: readQuotas(config.env),
    tokens: openTokenVerifier({ ...verifier, audience: oidc.audience }),
    internalTokens: openTokenVerifier({ ...verifier, audience: oidc.internalAudience }),
    limits: openRateLimits(limits),
    internalLimits: openRateLimits(limits),
    readiness: [
      { name: 'database', isNeeded: true, check: () => db.ping() },
      { name: 'temporal', isNeeded: true, check: (signal) => connection.withAbortSignal(signal, describeNamespace) },
      { name: 'issuer', isNeeded: true, check: () => keys.check() },
      ...(reach ? [{ name: 'governance', isNeeded: false, check: reach }] : []),
      { name: 'supervisor', isNeeded: false, check: (signal) => answersOk(`${supervisorUrl}/healthz`, signal) },
      { name: 'vault', isNeeded: false, check: () => secrets.reach() },
    ],
    log,
  };
}

async function answersOk(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answered ${response.status}`);
}

/** Null, with a sentence and exit code 1, when the port is taken. */
async function listening<T>(variable: string, port: number, start: (port: number) => Promise<T>): Promise<T | null> {
  try {
    return await start(port);
  } catch (error) {
    const taken = error instanceof Error && /EADDRINUSE/.test(`${'code' in error ? error.code : ''} ${error.message}`);
    if (!taken) throw error;
    refuse(`Port ${port} is in use: stop what listens there, or set ${variable} to a free one.`);
    return null;
  }
}

function refuseUnusable(error: unknown): void {
  if (!(error instanceof ConfigError)) throw error;
  refuse(error.message);
}

function refuse(sentence: string): void {
  console.error(sentence);
  process.exitCode = 1;
}
