// The parts of the embedded platform: the ports each takes and how each is started and known to be ready.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cacheHomeOf } from '../engines/cache.ts';
import { PULUMI, TEMPORAL } from '../engines/engine.ts';
import { findEngine, type FindEngineOptions } from '../engines/find-engine.ts';
import { startPostgres } from '../engines/postgres.ts';
import { startProcess, StartError, type ManagedProcess } from '../engines/process.ts';
import { pulumiRootOf } from '../engines/pulumi-root.ts';
import { startTemporal } from '../engines/temporal.ts';
import { childEnvironment, engineEnvironment } from './child-environment.ts';
import type { Config, Ports } from './config.ts';

/** In the order in which they are stopped. */
export const PART_NAMES = [
  'api',
  'worker',
  'codec-server',
  'proxy',
  'supervisor',
  'issuer',
  'temporal',
  'postgres',
] as const;
export type PartName = (typeof PART_NAMES)[number];

export const PART_PORTS: Record<PartName, readonly (keyof Ports)[]> = {
  api: ['rest', 'internal', 'grpc'],
  worker: [],
  'codec-server': ['codec'],
  proxy: ['proxy'],
  supervisor: ['supervisor'],
  issuer: ['issuer'],
  temporal: ['temporal', 'temporalUi'],
  postgres: ['postgres'],
};

export interface PartContext {
  config: Config;
  /** False: the embedded Postgres skips fsync. */
  durable: boolean;
  onProgress: (sentence: string) => void;
  signal?: AbortSignal;
}

const ROOT = resolve(import.meta.dirname, '../..');
const ASK_LIMIT_MS = 2_000;
/** The worker bundles its workflows and waits for Temporal; a busy machine takes its time. */
const READY_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Left to itself the proxy's heap grows to a plateau of 288 MB under load, for no more throughput. */
const NODE_FLAGS: Partial<Record<PartName, string[]>> = {
  proxy: ['--max-semi-space-size=2', '--max-old-space-size=128'],
};

/** Starts one part and resolves when it is ready. @throws StartError | EngineMissingError */
export async function startPart(name: PartName, context: PartContext): Promise<ManagedProcess> {
  const { config, durable, signal } = context;
  const { home, ports, temporal } = config;
  switch (name) {
    case 'postgres':
      return (await startPostgres({ home, port: ports.postgres, env: engineEnvironment(config), durable, signal }))
        .process;
    case 'temporal': {
      const binary = await findEngine(TEMPORAL, engineSearch(context));
      const { namespace } = temporal;
      const at = { port: ports.temporal, uiPort: ports.temporalUi, codecUrl: config.payloads?.codecUrl };
      return await startTemporal({ home, binary, ...at, namespace, env: engineEnvironment(config), signal });
    }
    case 'issuer':
      return await startScript(name, context, answersOk(`${config.oidc.issuer}/.well-known/openid-configuration`));
    case 'supervisor':
      // A stopped platform leaves no process behind; what was wanted runs again at its next start.
      return await startScript(name, context, answersOk(`${config.supervisorUrl}/healthz`), {
        SLIPWAY_SUPERVISOR_ON_STOP: 'stop',
      });
    case 'proxy':
      return await startScript(name, context, answersOk(`${config.proxyUrl}/healthz`));
    case 'api':
      return await startScript(name, context, answersAt(config.restUrl, '/readyz'), database(config));
    case 'codec-server':
      return await startScript(name, context, answersAt(config.payloads?.codecUrl ?? '', '/healthz'));
    case 'worker': {
      const ready = join(home, 'run', 'worker.ready');
      rmSync(ready, { force: true });
      const child = await startScript(name, context, () => Promise.resolve(existsSync(ready)), database(config));
      void child.exited.then(() => rmSync(ready, { force: true }));
      return child;
    }
  }
}

/** Brings the database up to date with `bin/migrate.ts`. @throws StartError with its output */
export async function migrate({ config, signal }: PartContext): Promise<void> {
  const env = { ...childEnvironment(config), ...database(config) };
  try {
    const script = [join(ROOT, 'bin/migrate.ts')];
    await promisify(execFile)(process.execPath, script, { env, signal, maxBuffer: MAX_OUTPUT_BYTES });
  } catch (cause) {
    const { stderr = '', message } = cause as { stderr?: string; message: string };
    throw new StartError(`The database could not be brought up to date: ${stderr.trim() || message}`, { cause });
  }
}

/** The folder whose `bin/pulumi` is the engine, found or fetched. @throws EngineMissingError */
export async function findPulumiRoot(context: PartContext): Promise<string> {
  const { env, home } = context.config;
  const root = env.SLIPWAY_PULUMI_ROOT;
  const explicit = env[PULUMI.variable] ?? (root ? join(root, PULUMI.binary) : undefined);
  const search = engineSearch(context);
  return pulumiRootOf(await findEngine(PULUMI, { ...search, env: { ...env, [PULUMI.variable]: explicit } }), home);
}

function engineSearch({ config, onProgress, signal }: PartContext): FindEngineOptions {
  return { env: config.env, toolsFolder: join(ROOT, 'tools'), onProgress, signal };
}

function database(config: Config): Record<string, string> {
  return { DATABASE_URL: config.databaseUrl };
}

async function startScript(
  name: PartName,
  { config, signal }: PartContext,
  ready: () => Promise<boolean>,
  extra: Record<string, string> = {},
): Promise<ManagedProcess> {
  mkdirSync(config.home, { recursive: true });
  return await startProcess({
    name,
    home: config.home,
    command: process.execPath,
    args: [...(NODE_FLAGS[name] ?? []), join(ROOT, 'bin', `${name}.ts`)],
    env: {
      ...childEnvironment(config),
      NODE_COMPILE_CACHE: join(cacheHomeOf(config.env), 'slipway', 'node'),
      ...extra,
    },
    ready,
    readyTimeoutMs: READY_TIMEOUT_MS,
    signal,
  });
}

/** Behind TLS, it listens: its certificate need not be one that is trusted here, and it may ask for one of ours. */
function answersAt(url: string, path: string): () => Promise<boolean> {
  if (!url.startsWith('https:')) return answersOk(`${url}${path}`);
  const { hostname, port } = new URL(url);
  return async () => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(ASK_LIMIT_MS) });
      return true;
    } finally {
      socket.destroy();
    }
  };
}

function answersOk(url: string): () => Promise<boolean> {
  return async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_LIMIT_MS) });
    await answer.body?.cancel();
    return answer.ok;
  };
}
