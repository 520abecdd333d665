// The one reader of the environment that configures Slipway's processes.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheHomeOf, defaultPulumiRoot } from '../local/engines/cache.ts';
import { embeddedDatabaseUrl, passwordFile } from '../local/engines/postgres/paths.ts';
import { PORT_VARIABLES, type Config, type PayloadsConfig, type Ports } from '../local/platform/config.ts';
import { ConfigError } from './config-error.ts';

export type { Config } from '../local/platform/config.ts';

const DEFAULT_PORTS: Ports = {
  rest: 8080,
  internal: 8081,
  grpc: 50051,
  internalGrpc: 50052,
  temporal: 7233,
  temporalUi: 8233,
  issuer: 8090,
  postgres: 54329,
  supervisor: 8091,
  proxy: 8092,
  codec: 8093,
};

/** Reads the settings from `env`. @throws ConfigError */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const home = resolve(env.SLIPWAY_HOME || '.slipway');
  const ports = readPorts(env);
  const taskQueue = env.SLIPWAY_TASK_QUEUE || 'slipway';
  return {
    home,
    ports,
    restUrl: urlOf(env, env.SLIPWAY_HOST, ports.rest),
    portBase: readPort(env, 'SLIPWAY_PORT_BASE', 20_000),
    databaseUrl: env.DATABASE_URL || embeddedDatabaseUrl(ports.postgres, readIfThere(passwordFile(home))),
    temporal: {
      address: env.TEMPORAL_ADDRESS || `127.0.0.1:${ports.temporal}`,
      namespace: env.TEMPORAL_NAMESPACE || 'slipway',
      taskQueue,
      stacksTaskQueue: `${taskQueue}-stacks`,
      deployment: readDeployment(env),
      apiKey: env.TEMPORAL_API_KEY || undefined,
      tls: env.TEMPORAL_TLS === 'true' || Boolean(env.TEMPORAL_API_KEY),
    },
    oidc: { issuer: env.OIDC_ISSUER || `http://127.0.0.1:${ports.issuer}`, ...readAudiences(env) },
    supervisorUrl: env.SLIPWAY_SUPERVISOR_URL || `http://127.0.0.1:${ports.supervisor}`,
    proxyUrl: env.SLIPWAY_PROXY_URL || `http://127.0.0.1:${ports.proxy}`,
    adminTokenFile: join(home, 'run', 'supervisor.token'),
    pulumi: {
      root: env.SLIPWAY_PULUMI_ROOT ? resolve(env.SLIPWAY_PULUMI_ROOT) : defaultPulumiRoot(cacheHomeOf(env)),
      backendUrl: env.PULUMI_BACKEND_URL || `file://${join(home, 'pulumi', 'state')}`,
      passphraseFile: join(home, 'pulumi', 'passphrase'),
    },
    payloads: readPayloads(env, ports),
    external: {
      database: Boolean(env.DATABASE_URL),
      temporal: Boolean(env.TEMPORAL_ADDRESS),
      issuer: Boolean(env.OIDC_ISSUER),
    },
    env: Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}

/** Temporal has it in ids and queries. */
function readDeployment({ SLIPWAY_DEPLOYMENT: name }: NodeJS.ProcessEnv): string | undefined {
  if (!name || /^[a-z\d][\w-]{0,99}$/i.test(name)) return name || undefined;
  throw new ConfigError(`SLIPWAY_DEPLOYMENT must be letters, digits, "-" and "_", not "${name}".`);
}

/** One audience for both would let every tenant's token into the internal APIs. */
function readAudiences(env: NodeJS.ProcessEnv): { audience: string; internalAudience: string } {
  const audience = env.OIDC_AUDIENCE || 'slipway';
  const internalAudience = env.OIDC_INTERNAL_AUDIENCE || 'slipway-internal';
  if (internalAudience !== audience) return { audience, internalAudience };
  throw new ConfigError(`OIDC_INTERNAL_AUDIENCE must differ from OIDC_AUDIENCE; both are "${audience}".`);
}

/** Of an address that means all of them, loopback is the one to call. */
function urlOf({ SLIPWAY_TLS_CERT_FILE }: NodeJS.ProcessEnv, listens: string | undefined, port: number): string {
  const host = !listens || /^(0\.0\.0\.0|::)$/.test(listens) ? '127.0.0.1' : listens;
  return `http${SLIPWAY_TLS_CERT_FILE ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function readPayloads(env: NodeJS.ProcessEnv, ports: Ports): PayloadsConfig | undefined {
  if (!env.SLIPWAY_PAYLOAD_KEYS_FILE) return undefined;
  return {
    keysFile: resolve(env.SLIPWAY_PAYLOAD_KEYS_FILE),
    codecUrl: urlOf(env, env.SLIPWAY_CODEC_HOST, ports.codec),
    uiOrigin: readOrigin(env, 'SLIPWAY_CODEC_UI_ORIGIN', `http://127.0.0.1:${ports.temporalUi}`),
  };
}

function readOrigin(env: NodeJS.ProcessEnv, variable: string, fallback: string): string {
  const text = env[variable];
  if (!text) return fallback;
  // As browsers send it, which is how it is compared.
  if (/^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text) return text;
  throw new ConfigError(`${variable} must be an origin such as https://temporal.example.com, not "${text}".`);
}

function readPorts(env: NodeJS.ProcessEnv): Ports {
  const names = Object.keys(DEFAULT_PORTS) as (keyof Ports)[];
  return Object.fromEntries(
    names.map((name) => [name, readPort(env, PORT_VARIABLES[name], DEFAULT_PORTS[name])]),
  ) as unknown as Ports;
}

function readPort(env: NodeJS.ProcessEnv, variable: string, fallback: number): number {
  const text = env[variable];
  if (!text) return fallback;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new ConfigError(`${variable} must be a port number from 1 to 65535, not "${text}".`);
  }
  return port;
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}
