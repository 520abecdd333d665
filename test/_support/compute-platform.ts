/** Supervisor and proxy as real processes in a temporary home, and the `process` driver that speaks to them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageStore, type ImageSource } from '../../local/supervisor/images/image-store.ts';
import { instanceFiles, type InstanceState, type ProcessIdentity } from '../../local/supervisor/instance-record.ts';
import { isSameProcess } from '../../local/process-identity.ts';
import type { ComputeTarget, Placement, RevisionSpec } from '../../providers/compute/port.ts';
import { processCompute } from '../../providers/compute/process.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import { claimStretch, freePort } from './free-port.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PORTS = 64;

export interface ComputePlatform {
  home: string;
  compute: ComputeTarget;
  placement: Placement;
  supervisor: Daemon;
  proxy: Daemon;
  importImage(source: ImageSource): Promise<void>;
  /** A spec of a sample image at this version, in an environment of this platform. */
  spec(change: Partial<RevisionSpec> & { version?: string }): Promise<RevisionSpec>;
  instanceFolder(revision: string, ordinal: number): string;
  state(revision: string, ordinal: number): InstanceState;
  /** Stops everything, also what a failed test left behind. */
  stop(): Promise<void>;
}

/** One of the platform's processes, to be killed and started again. */
export interface Daemon {
  pid(): number;
  start(): Promise<void>;
  /** Resolves when the process is gone. */
  signal(name: NodeJS.Signals): Promise<void>;
}

export const WORKLOAD = {
  tenantId: 'connectsoft',
  environmentId: 'env-0001',
  serviceId: 'reservations-api',
} as const;

export async function startComputePlatform(env: Record<string, string> = {}): Promise<ComputePlatform> {
  const home = await mkdtemp(join(tmpdir(), 'slc-'));
  const stretch = await claimStretch();
  const [supervisorPort, proxyPort] = [await freePort(), await freePort()];
  const variables = {
    PATH: process.env.PATH ?? '',
    SLIPWAY_HOME: home,
    SLIPWAY_SUPERVISOR_PORT: String(supervisorPort),
    SLIPWAY_PROXY_PORT: String(proxyPort),
    // The compiled sources are the same for every test: they start in half the time.
    NODE_COMPILE_CACHE: join(tmpdir(), 'slipway-test-compile-cache'),
    SUPERVISOR_ONLY_SECRET: 'must not reach a workload',
    ...env,
  };
  const supervisor = daemon('supervisor', supervisorPort, variables);
  const proxy = daemon('proxy', proxyPort, variables);
  await supervisor.start();
  await proxy.start();
  const token = await readFile(join(home, 'run', 'supervisor.token'), 'utf8');
  const urls = { supervisorUrl: `http://127.0.0.1:${supervisorPort}`, proxyUrl: `http://127.0.0.1:${proxyPort}` };
  const secrets = localVault({ folder: join(home, 'vault'), keyFile: join(home, 'vault.key') });
  const compute = processCompute({ ...urls, token, secrets, drainSeconds: 5 });
  const placement = { portBase: stretch.first, portCount: PORTS };
  const instanceFolder = (revision: string, ordinal: number) =>
    join(serviceFolder(home), 'revisions', revision, 'instances', String(ordinal));

  return {
    home,
    compute,
    placement,
    supervisor,
    proxy,
    instanceFolder,
    async importImage(source) {
      await new ImageStore(join(home, 'images')).importImage(source);
    },
    async spec({ version = '1.4.1', ...change }) {
      const image = change.image ?? `acr.azurecr.io/reservations-api:${version}`;
      const { digest } = await compute.resolve(image);
      const plain = { revision: `r${version}`, replicas: 1, port: null, env: {}, files: {}, health: HTTP_HEALTH };
      return { workload: WORKLOAD, image, digest, placement, ...plain, ...change };
    },
    state(revision, ordinal) {
      const file = instanceFiles(instanceFolder(revision, ordinal)).state;
      return JSON.parse(readFileSync(file, 'utf8')) as InstanceState;
    },
    async stop() {
      await Promise.all([supervisor.signal('SIGKILL'), proxy.signal('SIGKILL')]);
      for (const process of recordedProcesses(home)) await end(process);
      await stretch.release();
      await rm(home, { recursive: true, force: true });
    },
  };
}

export const HTTP_HEALTH = { kind: 'http', path: '/healthz' } as const;

function serviceFolder(home: string): string {
  return join(home, 'supervisor', 'services', WORKLOAD.environmentId, WORKLOAD.serviceId);
}

function daemon(name: 'supervisor' | 'proxy', port: number, env: Record<string, string>): Daemon {
  let child: ChildProcess | null = null;
  return {
    pid: () => child?.pid ?? 0,
    async start() {
      const started = spawn(join(ROOT, 'node_modules/.bin/node'), [join(ROOT, 'bin', `${name}.ts`)], {
        env,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      child = started;
      await until(async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok, { what: `the ${name} to answer` });
    },
    async signal(signal) {
      const target = child;
      if (!target || target.exitCode !== null || target.signalCode !== null) return;
      const gone = new Promise((resolve) => target.once('exit', resolve));
      target.kill(signal);
      await gone;
    },
  };
}

function recordedProcesses(home: string): ProcessIdentity[] {
  const states = globSync(join(home, 'supervisor', '**', 'state.json'));
  return states.flatMap((file) => {
    const { shim, workload } = JSON.parse(readFileSync(file, 'utf8')) as InstanceState;
    return workload ? [shim, workload] : [shim];
  });
}

async function end({ pid, startTime }: ProcessIdentity): Promise<void> {
  if (isSameProcess(pid, startTime)) process.kill(pid, 'SIGKILL');
  await until(() => !isSameProcess(pid, startTime), { what: `process ${pid} to end` });
}
