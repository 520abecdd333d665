/** Environments that had an expiry before anything took them away by it (migration 0025). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrateDatabase } from '../../db/migrate.ts';
import { migrateUpTo } from '../_support/migrate-up-to.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

const LAST_BEFORE = '0020_idempotency_of_a_person';
const ENVIRONMENTS = [
  ['env-never', 'Ready', null],
  ['env-later', 'Updating', '2100-01-01Z'],
  ['env-long-ago', 'Ready', '2026-01-01Z'],
  ['env-failed', 'Failed', '2026-01-01Z'],
  ['env-gone', 'Decommissioned', '2026-01-01Z'],
];

let platform: TestPlatform;
let tables: TenantTables;
beforeAll(async () => {
  platform = await openTestPlatform({ parts: ['postgres'] });
  await migrateUpTo(platform.config.databaseUrl, LAST_BEFORE);
  tables = await openTenantTables(platform.config.databaseUrl);
  for (const [id, status, expiresAt] of ENVIRONMENTS) {
    await tables.query(
      `insert into environments (tenant_id, id, project_id, name, stage, region, isolation_model, compute_targets,
        pulumi_stack_ref, status, expires_at, trace_id, created_at, updated_at)
      values ('connectsoft', $1, 'proj', $1, 'dev', 'westeurope', 'pool', '[]', $1, $2, $3, 'trace-1', now(), now())`,
      [id, status, expiresAt],
    );
  }
  await migrateDatabase(platform.config.databaseUrl);
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

it('they are due at their time, and not within the first day: what is gone or failed is not due at all', async () => {
  const rows = await tables.query<{ environment_id: string; in_hours: number }>(`
    select tenant_id, kind, environment_id, subject, round(extract(epoch from due_at - now()) / 3600)::int as in_hours
    from due order by environment_id`);
  const common = { tenant_id: 'connectsoft', kind: 'expiry', subject: 'environment' };
  expect(rows).toEqual([
    { ...common, environment_id: 'env-later', in_hours: expect.any(Number) },
    { ...common, environment_id: 'env-long-ago', in_hours: 24 },
  ]);
  expect(rows[0]?.in_hours).toBeGreaterThan(24 * 365);
});

it('row-level security is forced again on what was read and written for it', async () => {
  const unforced = await tables.query(
    "select relname from pg_class where relname in ('due', 'environments') and not relforcerowsecurity",
  );
  expect(unforced).toEqual([]);
});
