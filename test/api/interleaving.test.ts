/**
 * Two tenants over one pool of connections, transactions that are aborted among them.
 * `INTERLEAVED_CALLS=10000 npm test -- test/api/interleaving.test.ts` is the whole of it.
 */
import { Client } from 'pg';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../db/client.ts';
import { endpoints } from '../../api/endpoints.ts';
import { openApiStand, type ApiStand, type RunningApi } from '../_support/api.ts';
import { atMost } from '../_support/at-most.ts';
import { sampleCall, type ReadyCall } from '../_support/sample-calls.ts';
import { openWorld, type World } from '../_support/sample-world.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

const CALLS = Number(process.env.INTERLEAVED_CALLS ?? 1_200);
const TENANTS = ['connectsoft', 'fabrikam'] as const;
type Tenant = (typeof TENANTS)[number];
const otherOf = (tenant: Tenant): Tenant => (tenant === 'connectsoft' ? 'fabrikam' : 'connectsoft');

let stand: ApiStand;
let tables: TenantTables;
/** So few connections that each serves both tenants all the time. */
let pool: Database;
let api: RunningApi;
const worlds = {} as Record<Tenant, World>;
const calls = {} as Record<Tenant, ReadyCall[]>;
const tokens = {} as Record<Tenant, string>;
beforeAll(async () => {
  stand = await openApiStand();
  tables = await openTenantTables(stand.config.databaseUrl);
  pool = openDatabase({ url: stand.config.databaseUrl, poolSize: 4 });
  api = await stand.start({ db: pool });
  for (const tenant of TENANTS) {
    const world = await openWorld(stand, { tenantId: tenant });
    worlds[tenant] = world;
    tokens[tenant] = await stand.token({ tenant });
    // Every read, and a write that can be repeated.
    const tried = endpoints.filter(({ kind, route }) => kind === 'read' || route === '/runtime/configurations');
    calls[tenant] = await Promise.all(tried.map((endpoint) => sampleCall(endpoint, world)));
  }
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await pool?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

/** Every id of a row that the world has; the name of its service is the same in both. */
const idsOf = ({ ids: { serviceId: _same, ...ids } }: World) => Object.values(ids);

/** What was wrong with one answer, or nothing. */
async function callAs(tenant: Tenant, call: ReadyCall, isOwn: boolean): Promise<string[]> {
  const { method, path, body, name, answers } = call;
  const reply = await stand.call(method, path, { api, body, token: tokens[tenant] });
  const text = JSON.stringify(reply.body);
  const foreign = idsOf(worlds[otherOf(tenant)]).filter((id) => text.includes(id));
  const wrong = foreign.length > 0 ? [`${tenant} ${name} names ${foreign.join()}`] : [];
  if (isOwn && !answers.includes(reply.status)) wrong.push(`${tenant} ${name}: ${reply.status} ${text.slice(0, 200)}`);
  return wrong;
}

class Aborted extends Error {}

/** A transaction that sees its own tenant's rows alone, and ends badly: by an error of its own, or of the database. */
async function abortAs(tenant: Tenant, index: number): Promise<string[]> {
  const seen: string[] = [];
  const isOfDatabase = index % 2 === 0;
  const work = pool.forTenant(tenant, async (tx) => {
    const { rows } = await tx.execute<{ tenant_id: string }>(sql`select distinct tenant_id from environments`);
    seen.push(...rows.map((row) => row.tenant_id));
    if (isOfDatabase) await tx.execute(sql`select 1 / 0`);
    throw new Aborted();
  });
  const error = await work.then(
    () => 'nothing',
    (thrown: unknown) => thrown,
  );
  const ended = isOfDatabase ? error instanceof Error && !(error instanceof Aborted) : error instanceof Aborted;
  const wrong = ended ? [] : [`${tenant}: the transaction ended by ${String(error)}`];
  return seen.join() === tenant ? wrong : [...wrong, `${tenant}: the transaction saw ${seen.join()}`];
}

describe(`${CALLS} calls of two tenants over four connections`, { timeout: 120_000 + CALLS * 50 }, () => {
  it('show neither a row of the other, with transactions aborted among them', async () => {
    const indexes = Array.from({ length: CALLS }, (_none, index) => index);
    const wrong = await atMost(16, indexes, async (index) => {
      const tenant = TENANTS[index % 2] as Tenant;
      if (index % 5 === 4) return await abortAs(tenant, Math.floor(index / 5));
      // Every third asks for what is the other's.
      const isOwn = index % 3 !== 2;
      const of = calls[isOwn ? tenant : otherOf(tenant)];
      return await callAs(tenant, of[Math.floor(index / 2) % of.length] as ReadyCall, isOwn);
    });
    expect(wrong.flat()).toEqual([]);
  });

  it('leave connections on which the application sees no row without a tenant', async () => {
    const app = new Client({ connectionString: stand.config.databaseUrl, options: '-c role=slipway_app' });
    await app.connect();
    const counts = (await tables.names()).map((name) => `select '${name}' as name, count(*)::int as rows from ${name}`);
    const raw = await app.query<{ name: string; rows: number }>(counts.join(' union all '));
    expect(raw.rows.filter(({ rows }) => rows > 0)).toEqual([]);
    await app.end();
    // The rows are there: their owner sees them.
    const owned = await tables.query<{ rows: number }>(counts.join(' union all '));
    expect(owned.filter(({ rows }) => rows > 0).length).toBeGreaterThan(8);
  });
});
