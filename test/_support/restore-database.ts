/** A whole database, put back as it was at an earlier moment. */
import { Client } from 'pg';

/** @returns puts it back as it is now. Both times whoever is connected is cut off, as by any restore. */
export async function backUp(url: string): Promise<() => Promise<void>> {
  const { pathname } = new URL(url);
  const name = pathname.slice(1);
  const backup = `${name}_backup`;
  await asAdmin(url, async (client) => {
    await client.query(`drop database if exists ${backup}`);
    await client.query(`alter database ${name} allow_connections false`);
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await client.query(`create database ${backup} template ${name}`);
    await client.query(`alter database ${name} allow_connections true`);
  });
  return async () => {
    await asAdmin(url, async (client) => {
      await client.query(`alter database ${name} allow_connections false`);
      await client.query(`drop database ${name} with (force)`);
      await client.query(`alter database ${backup} rename to ${name}`);
    });
  };
}

async function asAdmin(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: Object.assign(new URL(url), { pathname: '/postgres' }).href });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
