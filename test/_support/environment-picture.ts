/**
 * What an environment is while nothing works on it, byte for byte, looked at from outside: its rows, what the supervisor
 * and the proxy keep on disk, and what its processes run with. What may differ between two looks at the same release is
 * named here, and nothing else is left out.
 */
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { InstanceRecord } from '../../local/supervisor/instance-record.ts';
import type { TestPlatform } from './platform.ts';
import { until } from './until.ts';
import { runningWorkloads } from './workloads.ts';

export interface Picture {
  /** By table, each row as Postgres writes it. */
  rows: Record<string, string[]>;
  /** By path. What has a folder of its own stands there by that, too. */
  files: Record<string, string>;
  /** Each workload: its command, its working folder, which is the image's content by digest, and its environment. */
  processes: string[];
}

/** Rises with everything that happens. */
const MOVES = {
  environments: ['fence', 'revision', 'next_seq', 'updated_at'],
  due: ['due_at', 'lease_token', 'lease_until'],
};
const OF_ENVIRONMENT = ['services', 'configurations', 'secret_bindings', 'scaling_policies', 'scaling_policy_versions'];
/** Of the run of a process: which one it is, and what it said. */
const OF_A_RUN = /^(state\.json|lock.*|workload\.log.*|shim\.log)$/;

/** @returns it once the environment is at rest: whatever has to be brought back has been */
export async function pictureOf({ home, config }: TestPlatform, environmentId: string): Promise<Picture> {
  const client = new Client({ connectionString: config.databaseUrl });
  await client.connect();
  try {
    const atRest = `select from environments where id = $1 and status = 'Ready' and converge_reason is null`;
    await until(async () => (await client.query(atRest, [environmentId])).rowCount === 1, {
      what: `${environmentId} to be at rest`,
    });
    const rows = await rowsOf(client, environmentId);
    const files = {
      ...filesBelow(home, join('supervisor', 'services', environmentId)),
      ...filesBelow(home, join('proxy', 'routes', environmentId)),
    };
    const named = portsNamed(files);
    return {
      rows,
      files: Object.fromEntries(Object.entries(files).map(([path, text]) => [path, named(text)])),
      processes: workloadsOf(home, environmentId).map(({ pid }) => named(processOf(pid))),
    };
  } finally {
    await client.end();
  }
}

/** The process of each replica, by `<service>-<revision>-<ordinal>`. */
export function pidsOf({ home }: TestPlatform, environmentId: string): Record<string, number> {
  return Object.fromEntries(workloadsOf(home, environmentId).map(({ instance, pid }) => [instance, pid]));
}

/** The percent of a service's traffic that each of its revisions gets. */
export function weightsOf({ home }: TestPlatform, environmentId: string, serviceId: string): Record<string, number> {
  const file = join(home, 'proxy', 'routes', environmentId, `${serviceId}.json`);
  const { revisions } = JSON.parse(readFileSync(file, 'utf8')) as { revisions: { revision: string; weight: number }[] };
  return Object.fromEntries(revisions.map(({ revision, weight }) => [revision, weight]));
}

const workloadsOf = (home: string, environmentId: string) =>
  runningWorkloads(home).filter((workload) => workload.environmentId === environmentId);

async function rowsOf(client: Client, environmentId: string): Promise<Record<string, string[]>> {
  const rows = async (table: string, where: string, moves: string[] = []) => {
    const sql = `select (to_jsonb(t) - $2::text[])::text as row from ${table} t where ${where} order by 1`;
    const found = await client.query<{ row: string }>(sql, [environmentId, moves]);
    return found.rows.map(({ row }) => row);
  };
  const live = 'id = (select live_snapshot_id from environments where id = $1)';
  const all: Record<string, string[]> = {
    environments: await rows('environments', 'id = $1', MOVES.environments),
    snapshots: await rows('snapshots', live),
    due: await rows('due', 'environment_id = $1', MOVES.due),
  };
  for (const table of OF_ENVIRONMENT) all[table] = await rows(table, 'environment_id = $1');
  return all;
}

function filesBelow(home: string, folder: string): Record<string, string> {
  if (!existsSync(join(home, folder))) return {};
  const entries = readdirSync(join(home, folder), { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .filter(({ name }) => !OF_A_RUN.test(name))
      .map((entry) => [join(entry.parentPath, entry.name), entry] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, entry]) => [path.slice(home.length + 1), entry.isFile() ? readFileSync(path, 'utf8') : 'a folder']),
  );
}

function processOf(pid: number): string {
  const [command, environment] = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8'));
  return [command, readlinkSync(`/proc/${pid}/cwd`), environment].join('\n').replaceAll('\0', '\n');
}

/** A replica that was taken down and is back may have another port: every one is named after its replica, wherever it stands. */
function portsNamed(files: Record<string, string>): (text: string) => string {
  const records = Object.entries(files).filter(([path]) => path.endsWith('/instance.json'));
  const names = records.map(([, text]) => JSON.parse(text) as InstanceRecord);
  return (text) =>
    names.reduce(
      (now, { port, instanceId }) => now.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), `<port of ${instanceId}>`),
      text,
    );
}
