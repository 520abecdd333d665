/** Brings a database to the present schema: makes the roles, then runs the migrations as their owner. Safe to run twice, and at once. */
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';

/** slipway_app: one tenant per transaction; slipway_system: reconcile's columns; slipway_migrate: owner of the tables. */
const ROLES = ['slipway_app', 'slipway_system', 'slipway_migrate'];
/** Any number that nothing else in this database locks. */
const MIGRATION_LOCK = 7_310_001;

const MIGRATIONS_FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));

/**
 * @param url of a login that may create roles, or whose administrator has made the three roles and granted them to it.
 * @param migrationsFolder another state of the schema than the present, for tests.
 */
export async function migrateDatabase(url: string, migrationsFolder = MIGRATIONS_FOLDER): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // Roles belong to the cluster: the lock of the shared catalogue's database keeps two databases from racing for them.
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    for (const role of ROLES) await ensureRole(client, role);
    await client.query(
      `do $$ begin execute format('grant create on database %I to slipway_migrate', current_database()); end $$`,
    );
    await client.query('grant usage, create on schema public to slipway_migrate');
    await client.query('grant usage on schema public to slipway_app, slipway_system');
    await client.query('set role slipway_migrate');
    await migrate(drizzle(client), { migrationsFolder, migrationsSchema: 'public', migrationsTable: 'migrations' });
  } finally {
    await client.end();
  }
}

async function ensureRole(client: Client, role: string): Promise<void> {
  // Another database of the same cluster may make it at the same moment.
  await client.query(`do $$ begin
    if not exists (select from pg_roles where rolname = '${role}') then create role ${role} nologin; end if;
  exception when duplicate_object or unique_violation then null; end $$`);
  await client.query(`do $$ begin
    if not pg_has_role(current_user, '${role}', 'member') then execute format('grant ${role} to %I', current_user); end if;
  end $$`);
}
