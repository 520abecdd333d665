import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;
let owner: Client;
let app: Client;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  owner = new Client({ connectionString: stand.config.databaseUrl });
  app = new Client({ connectionString: stand.config.databaseUrl, options: '-c role=slipway_app' });
  await Promise.all([owner.connect(), app.connect()]);
  key = await readyEnvironment(stand);
  const { body } = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
  await completeDeployment(stand.db, key, body.deploymentId as `dep-${string}`);
});
afterAll(async () => {
  await Promise.all([owner?.end(), app?.end()]);
  await stand?.[Symbol.asyncDispose]();
});

async function tenantTables(): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = 'tenant_id' order by 1`);
  return rows.map(({ name }) => name);
}

interface Policy {
  tablename: string;
  policyname: string;
  roles: string[];
  cmd: string;
  qual: string;
  with_check: string | null;
}

const LEASE = ['due.lease_token UPDATE', 'due.lease_until UPDATE'];
const OWN_ROWS = "(tenant_id = NULLIF(current_setting('slipway.tenant'::text, true), ''::text))";

const rowsOf = async (table: string) => (await app.query(`select * from ${table}`)).rows.length;

describe('the database', () => {
  it('keeps a tenant on every table but the list of migrations', async () => {
    const { rows } = await owner.query<{ name: string }>(
      "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    );
    const all = rows.map(({ name }) => name).filter((name) => name !== 'migrations');
    expect(await tenantTables()).toEqual(all.sort());
  });

  it('enables and forces row-level security on every one of them', async () => {
    const { rows } = await owner.query<{ relname: string; relrowsecurity: boolean; relforcerowsecurity: boolean }>(
      "select relname, relrowsecurity, relforcerowsecurity from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'migrations'",
    );
    expect(rows.filter((row) => !row.relrowsecurity || !row.relforcerowsecurity)).toEqual([]);
  });

  it('leads every unique index by the tenant', async () => {
    const { rows } = await owner.query<{ index: string; first: string }>(`
      select i.indexrelid::regclass::text as index, a.attname as first
      from pg_index i join pg_class c on c.oid = i.indrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
      where i.indisunique and c.relnamespace = 'public'::regnamespace and c.relname <> 'migrations'`);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter(({ first }) => first !== 'tenant_id')).toEqual([]);
  });

  it('shows the application no row while no tenant is set, nor for an empty one', async () => {
    for (const table of await tenantTables()) expect({ table, rows: await rowsOf(table) }).toEqual({ table, rows: 0 });
    await app.query('begin');
    await app.query("select set_config('slipway.tenant', '', true)");
    for (const table of await tenantTables()) expect({ table, rows: await rowsOf(table) }).toEqual({ table, rows: 0 });
    await app.query('commit');
  });

  it('holds every one of them by one policy, for what is read as for what is written', async () => {
    const { rows } = await owner.query<Policy>(`
      select tablename, policyname, permissive, roles::text[] as roles, cmd, qual, with_check
      from pg_policies where schemaname = 'public' order by tablename, policyname`);
    const ofTenants = rows.filter(({ policyname }) => policyname === 'tenant');
    expect(ofTenants.map(({ tablename }) => tablename)).toEqual(await tenantTables());
    for (const { tablename, ...policy } of ofTenants) {
      expect({ tablename, ...policy }).toMatchObject({ tablename, roles: ['slipway_app'], cmd: 'ALL' });
      expect({ tablename, qual: policy.qual }).toEqual({ tablename, qual: OWN_ROWS });
      expect({ tablename, check: policy.with_check }).toEqual({ tablename, check: OWN_ROWS });
    }
    const others = rows.filter(({ policyname }) => policyname !== 'tenant');
    expect(others.filter(({ roles }) => roles.join() !== 'slipway_system')).toEqual([]);
  });

  it('lets the one role that sees every tenant write nothing but the lease of what is due', async () => {
    const { rows } = await owner.query<{ at: string }>(`
      select table_name || '.' || column_name || ' ' || privilege_type as at
      from information_schema.column_privileges
      where grantee = 'slipway_system' and privilege_type <> 'SELECT' and table_schema = 'public'
      union all select table_name || ' ' || privilege_type from information_schema.table_privileges
      where grantee = 'slipway_system' and privilege_type <> 'SELECT' and table_schema = 'public' order by 1`);
    expect(rows.map(({ at }) => at)).toEqual(LEASE);
  });

  it('takes no row without a tenant in any of them', async () => {
    const { rows } = await owner.query<{ name: string; check: string }>(`
      select conrelid::regclass::text as name, pg_get_constraintdef(oid) as check from pg_constraint
      where contype = 'c' and connamespace = 'public'::regnamespace and pg_get_constraintdef(oid) like '%tenant_id%'
      order by 1`);
    const wanted = (await tenantTables()).map((name) => ({ name, check: "CHECK ((tenant_id <> ''::text))" }));
    expect(rows).toEqual(wanted);
    const { rows: nullable } = await owner.query(`
      select table_name from information_schema.columns
      where table_schema = 'public' and column_name = 'tenant_id' and is_nullable = 'YES'`);
    expect(nullable).toEqual([]);
  });

  it('is worked on by roles that own nothing, and none of which goes past row-level security', async () => {
    const { rows: roles } = await owner.query(`
      select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles
      where rolname like 'slipway\\_%' order by 1`);
    const plain = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false };
    const names = ['slipway_app', 'slipway_migrate', 'slipway_system'];
    expect(roles.filter(({ rolname }) => names.includes(rolname))).toEqual(
      names.map((rolname) => ({ rolname, ...plain })),
    );
    const { rows: owners } = await owner.query<{ owner: string }>(`
      select distinct relowner::regrole::text as owner from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S') and relname <> 'migrations'`);
    expect(owners).toEqual([{ owner: 'slipway_migrate' }]);
    const { rows: members } = await owner.query(`
      select m.roleid::regrole::text as of from pg_auth_members m where m.member::regrole::text in ('slipway_app', 'slipway_system')`);
    expect(members).toEqual([]);
  });

  it('shows the application nothing of another tenant, and refuses to write for one in any of them', async () => {
    await app.query('begin');
    await app.query("select set_config('slipway.tenant', 'fabrikam', true)");
    for (const table of await tenantTables()) expect({ table, rows: await rowsOf(table) }).toEqual({ table, rows: 0 });
    const { rowCount } = await app.query('update environments set name = name');
    expect(rowCount).toBe(0);
    for (const table of await tenantTables()) {
      await app.query('savepoint before');
      // The policy is asked before any other constraint.
      const insert = app.query(`insert into ${table} (tenant_id) values ('connectsoft')`);
      await expect(insert, table).rejects.toThrow(`new row violates row-level security policy for table "${table}"`);
      await app.query('rollback to before');
    }
    await app.query('rollback');
  });

  it('shows the owner of the tables no row either', async () => {
    await owner.query('set role slipway_migrate');
    expect((await owner.query('select * from environments')).rows).toEqual([]);
    await owner.query('reset role');
  });
});

describe('bindings', () => {
  it('answer 403 BindingRevoked once revoked, by every way to the environment', async () => {
    const mine = await readyEnvironment(stand);
    const deployed = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(mine.environmentId) });
    await owner.query('update tenant_bindings set revoked_at = now() where environment_id = $1', [mine.environmentId]);
    const replies = [
      await stand.call('GET', `/v1/runtime/environments/${mine.environmentId}`),
      await stand.call('GET', deployed.headers.get('location') ?? ''),
      await stand.call('GET', deployed.headers.get('operation-location') ?? ''),
      await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(mine.environmentId) }),
    ];
    expect(replies.map(({ status, body }) => `${status} ${body.code}`)).toEqual(Array(4).fill('403 BindingRevoked'));
  });

  it('answer 404 where there never was one', async () => {
    const mine = await readyEnvironment(stand);
    await owner.query('delete from tenant_bindings where environment_id = $1', [mine.environmentId]);
    const reply = await stand.call('GET', `/v1/runtime/environments/${mine.environmentId}`);
    expect(reply.status).toBe(404);
    expect(reply.body.code).toBe('EnvironmentNotFound');
  });
});
