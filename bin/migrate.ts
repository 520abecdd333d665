/** Brings the database named by DATABASE_URL to the present schema, and ends. */
import { migrateDatabase } from '../db/migrate.ts';

const url = process.env.DATABASE_URL;
if (url) {
  await migrateDatabase(url);
} else {
  console.error('DATABASE_URL is not set: it names the Postgres database to migrate.');
  process.exitCode = 1;
}
