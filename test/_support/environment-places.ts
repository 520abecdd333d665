/** What really stands for an environment on this machine: looked at from outside, past every row and port of ours. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestPlatform } from './platform.ts';

export interface Places {
  folders: number;
  portBlocks: number;
  vaults: number;
  databases: number;
  /** Files of Pulumi's state that name it. */
  stackFiles: number;
}

export const NOTHING: Places = { folders: 0, portBlocks: 0, vaults: 0, databases: 0, stackFiles: 0 };

export async function placesOf({ home, config }: TestPlatform, environmentId: string): Promise<Places> {
  const named = (folder: string) => entriesOf(join(home, folder)).filter((name) => name === environmentId).length;
  return {
    folders: named('environments'),
    portBlocks: filesHolding(join(home, 'ports'), environmentId),
    vaults: named('vault'),
    databases: await databasesNamed(config.databaseUrl, environmentId),
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

async function databasesNamed(connectionString: string, environmentId: string): Promise<number> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query('select datname from pg_database where datname like $1', [
      `%${environmentId.replaceAll('-', '_')}%`,
    ]);
    return rows.length;
  } finally {
    await client.end();
  }
}
