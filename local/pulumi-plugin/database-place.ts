// Where an environment's tables live: a database of its own (silo), or a schema in the shared one (pool, shared).
import { tagOf } from './database-role.ts';
import { type AdminSession, inTransaction, isSqlState, literal, name, withAdmin } from './postgres-session.ts';

export const SHARED_DATABASE = 'slipway_shared';

export interface DatabasePlace {
  database: string;
  schema: string;
  /** Makes it and tags it, or adopts what is tagged. @throws Error when it is there and somebody else's. */
  ensure(admin: AdminSession): Promise<void>;
  exists(admin: AdminSession): Promise<boolean>;
  drop(admin: AdminSession): Promise<void>;
}

/** A whole database owned by `role`, which has its name. */
export function ownDatabase(role: string, environmentId: string): DatabasePlace {
  const isOurs = async (admin: AdminSession): Promise<boolean | undefined> => {
    const { rows } = await admin.query<{ tag: string | null; owner: string }>(
      `select shobj_description(oid, 'pg_database') as tag, pg_get_userbyid(datdba) as owner from pg_database where datname = $1`,
      [role],
    );
    const [row] = rows;
    // CREATE DATABASE and its comment cannot be one transaction: untagged, but owned by our tagged role, is ours.
    return row && (row.tag === tagOf(environmentId) || (row.tag === null && row.owner === role));
  };

  return {
    database: role,
    schema: 'public',
    async ensure(admin) {
      const ours = await isOurs(admin);
      if (ours === undefined) await createDatabase(admin, role, `owner ${name(role)}`);
      if (ours === false) throw new Error(`the database ${role} exists and does not belong to ${environmentId}`);
      await inTransaction(admin, [
        `comment on database ${name(role)} is ${literal(tagOf(environmentId))}`,
        `revoke connect, temporary on database ${name(role)} from public`,
      ]);
    },
    exists: async (admin) => (await isOurs(admin)) === true,
    async drop(admin) {
      if (await isOurs(admin)) await admin.query(`drop database if exists ${name(role)} with (force)`);
    },
  };
}

/** A schema owned by `role`, which has its name, in the shared database. */
export function sharedSchema(adminUrl: string, role: string, environmentId: string): DatabasePlace {
  const inShared = async <T>(use: (session: AdminSession) => Promise<T>) =>
    await withAdmin(adminUrl, SHARED_DATABASE, use);

  return {
    database: SHARED_DATABASE,
    schema: role,
    async ensure(admin) {
      if (!(await databaseExists(admin))) {
        await createDatabase(admin, SHARED_DATABASE, '');
        await admin.query(`revoke connect, temporary on database ${name(SHARED_DATABASE)} from public`);
      }
      await admin.query(`grant connect on database ${name(SHARED_DATABASE)} to ${name(role)}`);
      await admin.query(
        `alter role ${name(role)} in database ${name(SHARED_DATABASE)} set search_path to ${name(role)}`,
      );
      await inShared(async (session) => {
        const tag = await schemaTag(session, role);
        if (tag === tagOf(environmentId)) return;
        if (tag !== undefined) throw new Error(`the schema ${role} exists and does not belong to ${environmentId}`);
        await inTransaction(session, [
          `create schema ${name(role)} authorization ${name(role)}`,
          `comment on schema ${name(role)} is ${literal(tagOf(environmentId))}`,
        ]);
      });
    },
    async exists(admin) {
      if (!(await databaseExists(admin))) return false;
      return await inShared(async (session) => (await schemaTag(session, role)) === tagOf(environmentId));
    },
    async drop(admin) {
      if (!(await databaseExists(admin))) return;
      await inShared(async (session) => {
        if ((await schemaTag(session, role)) === tagOf(environmentId)) {
          await session.query(`drop schema if exists ${name(role)} cascade`);
        }
        const { rowCount } = await session.query('select 1 from pg_roles where rolname = $1', [role]);
        // The grant on the database hangs on the role and would keep it from being dropped.
        if (rowCount) await session.query(`revoke connect on database ${name(SHARED_DATABASE)} from ${name(role)}`);
      });
    },
  };
}

/** template0: nobody can be connected to it, which would refuse the copy. A database that came in between is fine. */
async function createDatabase(admin: AdminSession, database: string, options: string): Promise<void> {
  try {
    await admin.query(`create database ${name(database)} template template0 ${options}`);
  } catch (error) {
    if (!isSqlState(error, '42P04', '23505')) throw error;
  }
}

async function databaseExists(admin: AdminSession): Promise<boolean> {
  return (await admin.query('select 1 from pg_database where datname = $1', [SHARED_DATABASE])).rowCount === 1;
}

/** The schema's comment: null when it has none, undefined when there is no such schema. */
async function schemaTag(session: AdminSession, schema: string): Promise<string | null | undefined> {
  const { rows } = await session.query<{ tag: string | null }>(
    `select obj_description(oid, 'pg_namespace') as tag from pg_namespace where nspname = $1`,
    [schema],
  );
  return rows[0]?.tag;
}
