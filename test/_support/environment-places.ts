/** What really stands for an environment on this machine: looked at from outside, past every row and port of ours. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestPlatform } from './platform.ts';

export interface Places {
  folders: number;
  portBlocks: number;
  vaults: number;
  /** Owns its database or its schema, and cannot go before that has gone. */
  roles: number;
  /** Only of a silo. */
  databases: number;
  /** Files of Pulumi's state that name it. */
  stackFiles: number;
}

export const NOTHING: Places = { folders: 0, portBlocks: 0, vaults: 0, roles: 0, databases: 0, stackFiles: 0 };

export async function placesOf({ home, config }: TestPlatform, environmentId: string): Promise<Places> {
  const named = (folder: string) => entriesOf(join(home, folder)).filter((name) => name === environmentId).length;
  return {
    folders: named('environments'),
    portBlocks: filesHolding(join(home, 'ports'), environmentId),
    vaults: named('vault'),
    ...(await namedInPostgres(config.databaseUrl, environmentId)),
    stackFiles: filesHolding(stacksFolder(config.pulumi.backendUrl), environmentId),
  };
}

function stacksFolder(backendUrl: string): string {
  return join(new URL(backendUrl).pathname, '.pulumi', 'stacks');
}

const entriesOf = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

function filesHolding(folder: string, text: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .filter((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').includes(text)).length;
}

async function namedInPostgres(
  connectionString: string,
  environmentId: string,
): Promise<Pick<Places, 'roles' | 'databases'>> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const name = [`%${environmentId.replaceAll('-', '_')}%`];
    const { rowCount: roles } = await client.query('select from pg_roles where rolname like $1', name);
    const { rowCount: databases } = await client.query('select from pg_database where datname like $1', name);
    return { roles: roles ?? 0, databases: databases ?? 0 };
  } finally {
    await client.end();
  }
}
