// The embedded Postgres: made once in `SLIPWAY_HOME/postgres`, started by us, kept small.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { processStartTime } from '../process-identity.ts';
import { ensureSecretFile } from '../secret-file.ts';
import { commandLineOf } from './command-line.ts';
import { endProcess } from './leftover.ts';
import { giveTo, postgresAccount, type PostgresAccount } from './postgres/account.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres/binaries.ts';
import { EMBEDDED_DATABASE, dataFolder, embeddedDatabaseUrl, passwordFile } from './postgres/paths.ts';
import { startProcess, StartError, type ManagedProcess } from './process.ts';

export interface PostgresOptions {
  home: string;
  port: number;
  env: Record<string, string>;
  /** False skips fsync: for tests, whose data may be lost with the machine. Default true. */
  durable?: boolean;
  signal?: AbortSignal;
}

export interface RunningPostgres {
  process: ManagedProcess;
  /** The superuser's connection string of the database `slipway`. */
  databaseUrl: string;
}

const LEFTOVER_GRACE_MS = 10_000;
/** Children of a killed server hold its shared memory until they notice, which takes them a moment. */
const STILL_HELD = 'pre-existing shared memory block';
const HELD_ATTEMPTS = 20;
const HELD_WAIT_MS = 250;

/** Makes the cluster if there is none, starts it, makes the database. @throws StartError | Error one sentence */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { home, port, env } = options;
  const data = dataFolder(home);
  const binaries = await findPostgresBinaries();
  mkdirSync(home, { recursive: true });
  const account = postgresAccount(data, [home, dirname(binaries.postgres)]);
  const password = ensureSecretFile(passwordFile(home));
  if (!existsSync(join(data, 'PG_VERSION'))) await makeCluster(binaries, account, { data, password, env });
  await endUnrecordedServer(data);
  const process = await startServer(options, binaries, account, password);
  await createDatabase(embeddedDatabaseUrl(port, password, 'postgres'));
  return { process, databaseUrl: embeddedDatabaseUrl(port, password) };
}

interface Cluster {
  data: string;
  password: string;
  env: Record<string, string>;
}

/** Into a folder beside, then renamed: an interrupted initdb leaves no half cluster behind. */
async function makeCluster(binaries: PostgresBinaries, account: PostgresAccount, cluster: Cluster): Promise<void> {
  const { data, password, env } = cluster;
  const making = `${data}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { mode: 0o700 });
  giveTo(account, making);
  const passwordCopy = `${making}.password`;
  writeFileSync(passwordCopy, password, { mode: 0o600 });
  giveTo(account, passwordCopy);
  const { command, args, user } = account.commandFor(binaries.initdb, [
    ...[`--pgdata=${making}`, '--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordCopy}`],
    ...['--encoding=UTF8', '--locale=C', '--no-sync'],
  ]);
  try {
    await promisify(execFile)(command, args, { env, cwd: '/', ...user });
  } catch (cause) {
    throw new StartError(`Postgres could not make its data folder ${data}: ${(cause as Error).message.trim()}`, {
      cause,
    });
  } finally {
    rmSync(passwordCopy, { force: true });
  }
  rmSync(data, { recursive: true, force: true });
  renameSync(making, data);
}

async function startServer(
  { home, port, env, durable = true, signal }: PostgresOptions,
  binaries: PostgresBinaries,
  account: PostgresAccount,
  password: string,
): Promise<ManagedProcess> {
  const { command, args, user } = account.commandFor(binaries.postgres, [
    ...['-D', dataFolder(home), '-p', String(port)],
    ...serverSettings(durable).flatMap((setting) => ['-c', setting]),
  ]);
  const url = embeddedDatabaseUrl(port, password, 'postgres');
  for (let attempt = 1; ; attempt++) {
    try {
      // SIGINT is Postgres's fast shutdown; SIGTERM would wait for every client to leave.
      return await startProcess({
        ...{ name: 'postgres', home, command, args, env, user, signal, stopSignal: 'SIGINT' },
        ready: async () => await answers(url),
      });
    } catch (error) {
      if (attempt >= HELD_ATTEMPTS || !String(error).includes(STILL_HELD)) throw error;
      await delay(HELD_WAIT_MS);
    }
  }
}

/** Small in memory, loopback only, no socket file. */
function serverSettings(durable: boolean): string[] {
  return [
    ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100'],
    ...['shared_buffers=32MB', 'work_mem=4MB', 'maintenance_work_mem=32MB', 'max_wal_size=256MB', 'io_method=sync'],
    ...[
      'jit=off',
      'max_parallel_workers_per_gather=0',
      'max_logical_replication_workers=0',
      'autovacuum_max_workers=2',
    ],
    ...['timezone=UTC', 'log_timezone=UTC', 'log_min_messages=warning'],
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [EMBEDDED_DATABASE]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(EMBEDDED_DATABASE)}`);
  } finally {
    await client.end();
  }
}

/** A server of this data folder that no record of ours names; and a pid file that names no server at all. */
async function endUnrecordedServer(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const startTime = processStartTime(pid);
  if (startTime !== null && commandLineOf(pid).includes(data)) {
    await endProcess({ pid, startTime, stopSignal: 'SIGINT' }, LEFTOVER_GRACE_MS);
  }
  rmSync(file, { force: true });
}
