import { setImmediate } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Database, type Tx } from '../../db/client.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

let platform: TestPlatform;
let db: Database;
let operator: Client;
beforeAll(async () => {
  platform = await openTestPlatform({ parts: ['postgres'] });
  await migrateDatabase(platform.config.databaseUrl);
  db = openDatabase({ url: platform.config.databaseUrl, poolSize: 1 });
  operator = new Client({ connectionString: platform.config.databaseUrl });
  await operator.connect();
});
afterAll(async () => {
  await operator?.end();
  await db?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const OURS = "where application_name = 'slipway_app'";

describe('a connection that the server ends', () => {
  it('in the middle of a transaction fails that transaction, and neither the process nor the next one', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('uncaughtException', note);
    const cut = db.forTenant('connectsoft', async (tx) => {
      await tx.execute(sql`select 1`);
      // No query is under way: nobody but the connection itself learns of it.
      const { rows } = await operator.query(`select pid, pg_terminate_backend(pid) from pg_stat_activity ${OURS}`);
      expect(rows).toHaveLength(1);
      const left = async () => (await operator.query(`select from pg_stat_activity ${OURS}`)).rowCount;
      await until(async () => (await left()) === 0, { what: 'the end of the connection' });
      // Its socket has been read by then.
      await setImmediate();
      await tx.execute(sql`select 1`);
    });
    await expect(cut).rejects.toMatchObject({ code: 'DatabaseUnavailable' });
    process.off('uncaughtException', note);
    expect(unhandled).toEqual([]);
    await expect(db.ping()).resolves.toBeUndefined();
  });
});

describe('a transaction in which a statement has failed', () => {
  it('is refused when its work goes on as if nothing had been, and leaves the connection fit for the next', async () => {
    const forgetful = db.forTenant('connectsoft', async (tx) => {
      await tx.execute(sql`select 1 / 0`).catch(() => undefined);
      return 'done';
    });
    await expect(forgetful).rejects.toThrow('a statement of the transaction failed');
    await expect(db.forTenant('connectsoft', (tx) => tx.execute(sql`select 1`))).resolves.toMatchObject({
      rowCount: 1,
    });
  });
});

describe('the tenant of a transaction', () => {
  it.each(["o'brien", "x', true); drop table environments; --", 'back\\slash'])(
    'is taken word for word, and is nobody for the next user of its connection: %s',
    async (tenantId) => {
      const told = (tx: Tx) =>
        tx.execute<{ tenant: string }>(sql`select current_setting('slipway.tenant', true) tenant`);
      expect((await db.forTenant(tenantId, told)).rows).toEqual([{ tenant: tenantId }]);
      expect((await db.forTenant('', told)).rows).toEqual([{ tenant: '' }]);
    },
  );
});
