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

  it('shows the application nothing of another tenant, and refuses to write for one', async () => {
    await app.query('begin');
    await app.query("select set_config('slipway.tenant', 'fabrikam', true)");
    for (const table of await tenantTables()) expect({ table, rows: await rowsOf(table) }).toEqual({ table, rows: 0 });
    const { rowCount } = await app.query('update environments set name = name');
    expect(rowCount).toBe(0);
    const insert =
      "insert into tenant_bindings (tenant_id, id, environment_id, isolation_model, created_at) values ('connectsoft', 'tb-1', 'env-1', 'silo', now())";
    await expect(app.query(insert)).rejects.toThrow(/row-level security/);
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
