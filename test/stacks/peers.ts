/** The real parts a stack needs: Postgres, the engine, our plugin, a vault; and eyes to count what exists. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../local/engines/postgres.ts';
import { localKinds, typesThereOf } from '../../local/pulumi-plugin/kinds.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import { localEnvironment } from '../../providers/stacks/programs/local-environment.ts';
import type { PulumiStacksOptions } from '../../providers/stacks/pulumi.ts';
import { claimStretch, freePort } from '../_support/free-port.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Everything that exists for one environment, by name. */
export interface Existing {
  folders: string[];
  blocks: string[];
  databases: string[];
  schemas: string[];
  roles: string[];
  namespaces: string[];
}

export interface StackPeers {
  home: string;
  databaseUrl: string;
  /** Where environments' blocks of ports begin. */
  portBase: number;
  options: PulumiStacksOptions;
  existing(environmentId: string): Promise<Existing>;
  query<Row extends pg.QueryResultRow>(text: string, database?: string): Promise<Row[]>;
  queryAs<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]>;
  close(): Promise<void>;
}

export function engineRoot(): string {
  const binary = process.env.SLIPWAY_PULUMI_BIN;
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const root = binary ? join(binary, '..', '..') : join(cache, 'slipway', 'engines', 'pulumi-3.255.0');
  if (!existsSync(join(root, 'bin', 'pulumi'))) throw new Error(`no Pulumi engine in ${root}; set SLIPWAY_PULUMI_BIN`);
  return root;
}

/** Options as plain data plus the program, so that a child process can build the same engine. */
export function optionsIn(home: string, databaseUrl: string, portBase: number): Omit<PulumiStacksOptions, 'program'> {
  const root = join(home, 'pulumi');
  const vault = { folder: join(home, 'vault'), keyFile: join(home, 'vault.key') };
  const kinds = localKinds({ home, portBase, adminUrl: databaseUrl, secrets: localVault(vault) });
  return {
    root,
    remains: ({ environmentId, isolationModel }) => typesThereOf(kinds, environmentId, { isolationModel }),
    engineRoot: engineRoot(),
    guardPath: join(ROOT, 'bin', 'pulumi-guard.ts'),
    nodePath: process.execPath,
    pluginPath: join(ROOT, 'bin', 'plugins'),
    backendUrl: `file://${join(root, 'state')}`,
    passphrase: 'passphrase-of-the-tests',
    runsFolder: join(root, 'runs'),
    graceMs: 15_000,
    env: {
      SLIPWAY_HOME: home,
      SLIPWAY_PORT_BASE: String(portBase),
      SLIPWAY_ADMIN_DATABASE_URL: databaseUrl,
      SLIPWAY_VAULT_FOLDER: vault.folder,
      SLIPWAY_VAULT_KEY_FILE: vault.keyFile,
    },
  };
}

export async function startStackPeers(): Promise<StackPeers> {
  const stretch = await claimStretch();
  const home = await mkdtemp(join(tmpdir(), 'slw-st-'));
  const env = { PATH: process.env.PATH ?? '' };
  const postgres = await startPostgres({ home, port: await freePort(), env, durable: false });
  const { databaseUrl } = postgres;

  const query = async <Row extends pg.QueryResultRow>(text: string, database?: string): Promise<Row[]> => {
    const url = new URL(databaseUrl);
    if (database) url.pathname = `/${database}`;
    return await queryAs<Row>(url.toString(), text);
  };

  return {
    home,
    databaseUrl,
    portBase: stretch.first,
    options: { ...optionsIn(home, databaseUrl, stretch.first), program: localEnvironment },
    query,
    queryAs,
    existing: async (environmentId) => await existing(home, query, environmentId),
    async close() {
      await postgres.process.stop();
      await stretch.release();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function queryAs<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

async function existing(home: string, query: StackPeers['query'], environmentId: string): Promise<Existing> {
  const like = `slipway_env_${environmentId.slice('env-'.length)}`;
  const names = async (text: string, database?: string) =>
    (await query<{ name: string }>(text, database)).map(({ name }) => name);
  const databases = await names(`select datname as name from pg_database where datname like '${like}'`);
  const shared = await names(`select datname as name from pg_database where datname = 'slipway_shared'`);
  const blocks = await entries(join(home, 'ports'));
  const owned = await Promise.all(
    blocks.map(async (file) => (await readFile(join(home, 'ports', file), 'utf8')).includes(`"${environmentId}"`)),
  );
  return {
    folders: (await entries(join(home, 'environments'))).filter((folder) => folder === environmentId),
    blocks: blocks.filter((_, n) => owned[n]),
    databases,
    schemas: shared.length
      ? await names(`select nspname as name from pg_namespace where nspname like '${like}'`, 'slipway_shared')
      : [],
    roles: await names(`select rolname as name from pg_roles where rolname like '${like}'`),
    namespaces: (await entries(join(home, 'vault'))).filter((folder) => folder === environmentId),
  };
}

async function entries(folder: string): Promise<string[]> {
  return existsSync(folder) ? await readdir(folder) : [];
}

/** Every file under `folder`, whole. */
export async function everythingUnder(folder: string): Promise<{ path: string; text: string }[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(files.map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
}
