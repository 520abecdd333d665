/**
 * Every row of a database's tables as SQL that loads where the same migrations have run. The schema is the migrations';
 * Postgres itself quotes the values, so that a type need not be known here.
 */
import { Client } from 'pg';

interface Table {
  name: string;
  /** In the order of the table. */
  columns: string[];
  primaryKey: string[];
}

/** Where drizzle notes what has run; rows that the loading database has already are left as they are. */
const MIGRATIONS = 'migrations';

const HEADER = `-- The rows of every table, without the schema: load it, as a superuser, where the migrations named in migrations.json
-- have run. Written by npm run fixtures:record.
set client_encoding = 'UTF8';
set standard_conforming_strings = on;
set time zone 'UTC';
-- Rows come as they were: no trigger judges them again.
set session_replication_role = replica;
begin;`;

const FOOTER = `commit;
set session_replication_role = default;`;

/** The same rows give the same text. @param url of a superuser: the owner of the tables sees no rows. */
export async function dumpDatabase(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`begin isolation level repeatable read read only`);
    await client.query(`set local time zone 'UTC'`);
    const parts = [HEADER];
    for (const table of await tablesOf(client)) parts.push(await dumpTable(client, table));
    parts.push(...(await sequencesOf(client)), FOOTER);
    return `${parts.filter((part) => part !== '').join('\n')}\n`;
  } finally {
    await client.end();
  }
}

async function tablesOf(client: Client): Promise<Table[]> {
  // Generated columns are left out: the database fills them in.
  const { rows } = await client.query<Table>(`
    select c.relname as name,
      array(select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        order by a.attnum) as columns,
      array(select a.attname::text from pg_index i
        cross join unnest(i.indkey) with ordinality as k (attnum, place)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary order by k.place) as "primaryKey"
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
    order by c.relname collate "C"`);
  return rows;
}

async function dumpTable(client: Client, { name, columns, primaryKey }: Table): Promise<string> {
  if (primaryKey.length === 0) throw new Error(`${name} has no primary key to order its rows by`);
  const quoted = columns.map((column) => client.escapeIdentifier(column));
  const values = quoted.map((column) => `quote_nullable(${column}::text)`).join(`, `);
  const order = primaryKey.map((column) => client.escapeIdentifier(column)).join(', ');
  const table = client.escapeIdentifier(name);
  const { rows } = await client.query<{ values: string }>(
    `select concat_ws(', ', ${values}) as values from ${table} order by ${order}`,
  );
  if (rows.length === 0) return '';
  const known = name === MIGRATIONS ? '\non conflict do nothing' : '';
  return `\ninsert into ${table} (${quoted.join(', ')}) values\n${rows.map((row) => `(${row.values})`).join(',\n')}${known};`;
}

/** A sequence goes on where it was. */
async function sequencesOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; last: string }>(`
    select quote_literal(quote_ident(sequencename)) as name, last_value as last from pg_sequences
    where schemaname = 'public' and last_value is not null order by sequencename collate "C"`);
  return rows.map(({ name, last }) => `\nselect setval(${name}, ${last});`);
}
