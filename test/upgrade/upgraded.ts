/** A platform whose database was made on the day of a recorded state and brought to the present since. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { openDatabase, type Database } from '../../db/client.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { restClient, type RestClient } from '../../local/demo/rest-client.ts';
import { obtainToken } from '../../local/issuer/obtain-token.ts';
import { dumpDatabase } from '../_support/dump-database.ts';
import { openTestPlatform } from '../_support/platform.ts';
import { readState, type RecordedAnswers, type RecordedMigration } from '../fixtures/states.ts';

const MIGRATIONS = resolve(import.meta.dirname, '../../db/migrations');

export interface Upgraded extends AsyncDisposable {
  db: Database;
  /** Sees every row. */
  superuser: Client;
  rest: RestClient;
  answers: RecordedAnswers;
  /** Those of the day, as the present code has them. */
  migrations: RecordedMigration[];
  /** The database as it was loaded, before it was brought to the present. */
  dump: string;
}

export async function openUpgraded(state: string): Promise<Upgraded> {
  const answers = JSON.parse(readState(state, 'answers.json')) as RecordedAnswers;
  // Without the API, whose start migrates to the present; it comes after the load.
  const platform = await openTestPlatform({ parts: ['postgres', 'temporal', 'issuer'] });
  const { databaseUrl, oidc, ports } = platform.config;
  const superuser = new Client({ connectionString: databaseUrl });
  try {
    await migrateToDayOf(state, databaseUrl);
    await superuser.connect();
    const migrations = await appliedTo(superuser, state);
    await superuser.query(readState(state, 'database.sql'));
    const dump = await dumpDatabase(databaseUrl);
    await migrateDatabase(databaseUrl);
    await platform.platform.restart('api');
    const token = await obtainToken({ home: platform.home, issuer: oidc.issuer, tenant: answers.tenantId });
    const db = openDatabase({ url: databaseUrl });
    return {
      ...{ db, superuser, answers, migrations, dump },
      rest: restClient(`http://127.0.0.1:${ports.rest}`, token),
      async [Symbol.asyncDispose]() {
        await Promise.all([db[Symbol.asyncDispose](), superuser.end()]);
        await platform[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await superuser.end();
    await platform[Symbol.asyncDispose]();
    throw error;
  }
}

const recordedMigrations = (state: string) => JSON.parse(readState(state, 'migrations.json')) as RecordedMigration[];

/** Runs the first migrations of today's folder, up to the last that the state had. */
async function migrateToDayOf(state: string, databaseUrl: string): Promise<void> {
  const tags = new Set(recordedMigrations(state).map(({ tag }) => tag));
  const folder = mkdtempSync(join(tmpdir(), 'slm-'));
  try {
    const journal = JSON.parse(readFileSync(join(MIGRATIONS, 'meta', '_journal.json'), 'utf8')) as {
      entries: { tag: string }[];
    };
    const entries = journal.entries.filter(({ tag }) => tags.has(tag));
    mkdirSync(join(folder, 'meta'));
    writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify({ ...journal, entries }));
    for (const { tag } of entries) cpSync(join(MIGRATIONS, `${tag}.sql`), join(folder, `${tag}.sql`));
    await migrateDatabase(databaseUrl, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What has run so far, in its order, by the names that the state has for it. */
async function appliedTo(superuser: Client, state: string): Promise<RecordedMigration[]> {
  const { rows } = await superuser.query<{ hash: string }>('select hash from migrations order by id');
  const recorded = recordedMigrations(state);
  return rows.map(({ hash }, index) => ({ tag: recorded[index]?.tag ?? '', hash }));
}
