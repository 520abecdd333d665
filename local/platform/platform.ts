// The embedded platform as a whole: everything started in the right order, awaited, watched, and stopped in the reverse.
import { join } from 'node:path';
import { embeddedDatabaseUrl, passwordFile } from '../engines/postgres/paths.ts';
import { reapLeftover } from '../engines/leftover.ts';
import { checkPorts } from '../engines/ports.ts';
import { lockOwner, releaseProcessLock, takeProcessLock } from '../engines/process-lock.ts';
import type { ManagedProcess, ProcessExit } from '../engines/process.ts';
import { ensureSecretFile } from '../secret-file.ts';
import { PORT_VARIABLES, type Config } from './config.ts';
import {
  findPulumiRoot,
  migrate,
  PART_NAMES,
  PART_PORTS,
  startPart,
  type PartContext,
  type PartName,
} from './parts.ts';

export interface PlatformOptions {
  config: Config;
  onProgress: (sentence: string) => void;
  /** Default all, without those that the configuration replaces or has no use for. */
  parts?: readonly PartName[];
  /** False: Postgres skips fsync, for tests. Default true. */
  durable?: boolean;
  /** A part ended that nobody stopped. It is not started again unless `restart` is called. */
  onExit?: (exit: ProcessExit & { name: PartName }) => void;
  /** Gives the start up: everything started so far is stopped and `startPlatform` rejects. */
  signal?: AbortSignal;
}

export interface Platform {
  /** The settings with which the parts run. */
  readonly config: Config;
  /** The running processes; a restart replaces the entry. */
  readonly children: Partial<Record<PartName, ManagedProcess>>;
  /** Stops the part if it runs, and starts it anew. */
  restart(name: PartName): Promise<void>;
  /** Drains and stops everything, what uses a part before the part; leaves no process behind. */
  stop(): Promise<void>;
  /** SIGKILL to every part, at once. Replicas of workloads live on and are adopted by the next start. */
  kill(): void;
}

/** Another platform has this home. */
export class HomeInUseError extends Error {}

/** Starts the platform and resolves when every part is ready. @throws one sentence; nothing is left running then */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { config, signal } = options;
  const lock = join(config.home, 'run', 'platform.lock');
  if (!takeProcessLock(lock)) {
    throw new HomeInUseError(
      `Slipway already runs with ${config.home} (process ${lockOwner(lock)}); stop it or set another SLIPWAY_HOME.`,
    );
  }
  const wanted = partsToStart(options);
  const abort = new AbortController();
  const context: PartContext = {
    config: structuredClone(config),
    durable: options.durable ?? true,
    onProgress: options.onProgress,
    signal: signal ? AbortSignal.any([signal, abort.signal]) : abort.signal,
  };
  const platform = createPlatform(options, context, {
    giveUpStarts: () => abort.abort(),
    release: () => releaseProcessLock(lock),
  });
  try {
    await prepare(context.config, wanted);
    await startInOrder(platform, context, wanted, abort);
    return platform;
  } catch (error) {
    await platform.stop();
    throw error;
  }
}

function partsToStart({ config, parts = PART_NAMES }: PlatformOptions): readonly PartName[] {
  const { external, payloads } = config;
  const leftOut = new Set<PartName>([
    // Without keys there is nothing that it could read.
    ...(payloads ? [] : ['codec-server' as const]),
    ...(external.database ? ['postgres' as const] : []),
    ...(external.temporal ? ['temporal' as const] : []),
    ...(external.issuer ? ['issuer' as const] : []),
  ]);
  return parts.filter((part) => !leftOut.has(part));
}

/** Ends what a killed run left, so that its ports are free; then checks the ports and makes this home's secrets. */
async function prepare(config: Config, wanted: readonly PartName[]): Promise<void> {
  for (const name of PART_NAMES) await reapLeftover(join(config.home, 'run', `${name}.json`));
  const ports = wanted.flatMap((part) => PART_PORTS[part]);
  await checkPorts(ports.map((name) => ({ port: config.ports[name], variable: PORT_VARIABLES[name] })));
  ensureSecretFile(config.adminTokenFile);
  ensureSecretFile(config.pulumi.passphraseFile);
  if (!config.external.database) {
    config.databaseUrl = embeddedDatabaseUrl(config.ports.postgres, ensureSecretFile(passwordFile(config.home)));
  }
}

type InternalPlatform = Platform & { start(name: PartName): Promise<void> };

async function startInOrder(
  platform: InternalPlatform,
  context: PartContext,
  wanted: readonly PartName[],
  abort: AbortController,
): Promise<void> {
  const start = async (name: PartName) => {
    if (wanted.includes(name)) await platform.start(name);
  };
  const database = async () => {
    await start('postgres');
    if (wanted.includes('api') || wanted.includes('worker')) await migrate(context);
  };
  const engines = async () => {
    await start('temporal');
    if (wanted.includes('worker')) context.config.pulumi.root = await findPulumiRoot(context);
  };
  await allOrNone([database(), engines(), start('issuer'), start('supervisor'), start('proxy')], abort);
  await allOrNone([start('worker'), start('api'), start('codec-server')], abort);
}

/** Like Promise.all, but gives the others up when one fails and waits until they have ended. */
async function allOrNone(starts: Promise<void>[], abort: AbortController): Promise<void> {
  for (const start of starts) start.catch(() => abort.abort());
  try {
    await Promise.all(starts);
  } finally {
    await Promise.allSettled(starts);
  }
}

function createPlatform(
  options: PlatformOptions,
  context: PartContext,
  { giveUpStarts, release }: { giveUpStarts: () => void; release: () => void },
): InternalPlatform {
  const children: Partial<Record<PartName, ManagedProcess>> = {};
  const starting = new Set<Promise<ManagedProcess>>();
  let stopping = false;
  const start = async (name: PartName) => {
    const began = Date.now();
    const coming = startPart(name, context);
    starting.add(coming);
    const child = await coming.finally(() => starting.delete(coming));
    children[name] = child;
    options.onProgress(`${name} is ready (${((Date.now() - began) / 1000).toFixed(1)} s).`);
    void child.exited.then((exit) => {
      if (exit.unexpected && !stopping) options.onExit?.({ ...exit, name });
    });
  };
  return {
    config: context.config,
    children,
    start,
    restart: async (name) => {
      await children[name]?.stop();
      if (!stopping) await start(name);
    },
    stop: async () => {
      stopping = true;
      giveUpStarts();
      await Promise.allSettled(starting);
      for (const name of ['api', 'worker', 'codec-server', 'proxy', 'supervisor'] as const)
        await children[name]?.stop();
      await Promise.all([children.issuer?.stop(), children.temporal?.stop()]);
      await children.postgres?.stop();
      release();
    },
    kill: () => {
      stopping = true;
      for (const child of Object.values(children)) child.kill('SIGKILL');
    },
  };
}
