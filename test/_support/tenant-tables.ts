/** The tables that hold tenants' rows, as the owner of the database sees them. */
import { Client } from 'pg';

export interface TenantTables extends AsyncDisposable {
  names(): Promise<string[]>;
  /** Differs as soon as any row of any of them does, receipts aside: a refused call leaves one of those. */
  digest(): Promise<string>;
  query<T extends object>(text: string, values?: unknown[]): Promise<T[]>;
}

export async function openTenantTables(databaseUrl: string): Promise<TenantTables> {
  const owner = new Client({ connectionString: databaseUrl });
  await owner.connect();
  const query = async <T extends object>(text: string, values?: unknown[]) =>
    (await owner.query<T & Record<string, unknown>>(text, values)).rows as T[];
  const names = async () => {
    const rows = await query<{ name: string }>(`
      select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = 'tenant_id' order by 1`);
    return rows.map(({ name }) => name);
  };
  return {
    names,
    query,
    async digest() {
      const tables = (await names()).filter((name) => name !== 'requests');
      const parts = tables.map(
        (name) =>
          `select '${name}:' || md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as part from ${name} t`,
      );
      const rows = await query<{ part: string }>(parts.join(' union all '));
      return rows.map(({ part }) => part).join('\n');
    },
    [Symbol.asyncDispose]: () => owner.end(),
  };
}
