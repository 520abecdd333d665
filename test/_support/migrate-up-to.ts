/** A database as it was before the migrations after one: what they do with rows that are there already is seen by the rest. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { migrateDatabase } from '../../db/migrate.ts';

const MIGRATIONS = resolve(import.meta.dirname, '../../db/migrations');

/** @param last the last one that is applied */
export async function migrateUpTo(databaseUrl: string, last: string): Promise<void> {
  const journal = JSON.parse(readFileSync(join(MIGRATIONS, 'meta', '_journal.json'), 'utf8')) as {
    entries: { tag: string }[];
  };
  const entries = journal.entries.slice(0, journal.entries.findIndex(({ tag }) => tag === last) + 1);
  const folder = mkdtempSync(join(tmpdir(), 'slm-'));
  try {
    mkdirSync(join(folder, 'meta'));
    writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify({ ...journal, entries }));
    for (const { tag } of entries) cpSync(join(MIGRATIONS, `${tag}.sql`), join(folder, `${tag}.sql`));
    await migrateDatabase(databaseUrl, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
