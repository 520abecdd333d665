/** What was there before versions and concerned services were on record (migration 0019). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrateDatabase } from '../../db/migrate.ts';
import { migrateUpTo } from '../_support/migrate-up-to.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

const LAST_BEFORE = '0017_drift_findings_tenancy';

let platform: TestPlatform;
let tables: TenantTables;
beforeAll(async () => {
  platform = await openTestPlatform({ parts: ['postgres'] });
  await migrateUpTo(platform.config.databaseUrl, LAST_BEFORE);
  tables = await openTenantTables(platform.config.databaseUrl);
  await tables.query(`
    insert into scaling_policies (tenant_id, id, environment_id, service_id, target, metric, min_replicas, max_replicas,
      target_utilization_percent, scale_to_zero, trace_id, created_at, updated_at)
    values ('connectsoft', 'pol-1', 'env-1', 'api', 'aks', 'cpu', 1, 2, 65, false, 'trace-1', '2026-11-01Z', '2026-11-02Z')`);
  await tables.query(`
    insert into deployments (tenant_id, id, environment_id, operation_id, release_ref, strategy, rollout, components, prune,
      restart_of, trace_id, created_at)
    values ('connectsoft', 'dep-1', 'env-1', 'op-1', 'r', 'RollingHealthGated', '{}', '[{"moduleId": "api"}]', false, null,
        'trace-1', now()),
      ('connectsoft', 'dep-2', 'env-1', 'op-2', 'r', 'RollingHealthGated', '{}', '[]', false, 'worker', 'trace-1', now())`);
  await tables.query(`
    insert into components (tenant_id, deployment_id, service_id, action, status, replicas_wanted)
    values ('connectsoft', 'dep-1', 'api', 'roll', 'Live', 1), ('connectsoft', 'dep-1', 'old', 'retire', 'Retired', 0),
      ('connectsoft', 'dep-1', 'kept', 'keep', 'Unchanged', 1)`);
  await tables.query(`
    insert into approvals (tenant_id, id, environment_id, operation_id, action, plan_hash, requested_by_subject,
      requested_by_client, reasons, obligations, status, expires_at, trace_id, created_at)
    values ('connectsoft', 'apr-1', 'env-1', 'op-2', 'deployments.create', 'h', 's', 'c', '[]', '[]', 'Pending', now(),
      'trace-1', now())`);
  await migrateDatabase(platform.config.databaseUrl);
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

it('a policy that was in force has what it said as its first version', async () => {
  const [policy] = await tables.query('select * from scaling_policies');
  expect(await tables.query('select * from scaling_policy_versions')).toEqual([
    { ...policy, version: 1, change: 'Applied' },
  ]);
});

it('an operation is about what its deployment named, restarted or changed, and its approval about the same', async () => {
  const rows = await tables.query('select subject_id, service_id from concerned_services order by 1, 2');
  expect(rows).toEqual([
    { subject_id: 'apr-1', service_id: 'worker' },
    { subject_id: 'op-1', service_id: 'api' },
    { subject_id: 'op-1', service_id: 'old' },
    { subject_id: 'op-2', service_id: 'worker' },
  ]);
});

it('row-level security is forced again on what was read for it', async () => {
  const unforced = await tables.query(
    "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'migrations' and not relforcerowsecurity",
  );
  expect(unforced).toEqual([]);
});
