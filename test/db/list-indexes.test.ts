/** No list reads a whole table, whatever it is narrowed by. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pageOfApprovals } from '../../db/approvals.ts';
import type { Tx } from '../../db/client.ts';
import { pageOfFindings, recordFindings } from '../../db/drift.ts';
import { pageOfHealth, recordHealth } from '../../db/health.ts';
import {
  pageOfConfigurations,
  pageOfDeployments,
  pageOfEnvironments,
  pageOfOperations,
  pageOfRequests,
  pageOfScalingPolicies,
  pageOfSecretBindings,
  pageOfServices,
} from '../../db/lists.ts';
import type { PageRequest } from '../../db/page.ts';
import { pageOfVersions } from '../../db/scaling-policies.ts';
import { pageOfBindings } from '../../db/tenant-bindings.ts';
import type { EnvironmentId, OperationId, PolicyId } from '../../domain/ids.ts';
import { OPERATION_KINDS } from '../../domain/phases.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { openWorld, type World } from '../_support/sample-world.ts';
import { openTenantTables } from '../_support/tenant-tables.ts';

const OTHER_TENANTS = 2_000;

let stand: ApiStand;
let world: World;
beforeAll(async () => {
  stand = await openApiStand();
  world = await openWorld(stand);
  const { key, ids } = world;
  const difference = { kind: 'ImageVersionMismatch', subject: 'a', serviceId: 'a', desired: '2', actual: '1' } as const;
  await stand.db.forTenant(key.tenantId, async (tx) => {
    await recordFindings(tx, key, ids.operationId as OperationId, [difference]);
    await recordHealth(tx, key, ids.serviceId, { status: 'Healthy', checks: [], evaluatedAt: new Date() });
  });
  await using tables = await openTenantTables(stand.config.databaseUrl);
  for (const name of await tables.names()) {
    // Each other tenant has one row of every table, and so what has to be unique within a tenant is.
    await tables.query(`
      insert into ${name}
      select (jsonb_populate_record(null::${name}, to_jsonb(t) || jsonb_build_object('tenant_id', 'other-' || n))).*
      from (select * from ${name} limit 1) t, generate_series(1, ${OTHER_TENANTS}) n`);
    await tables.query(`analyze ${name}`);
  }
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const page: PageRequest = { limit: 50, after: null };
const time = { createdAfter: new Date(0), createdBefore: new Date('2100-01-01') };
const of = () => ({ environmentId: world.key.environmentId, serviceId: world.ids.serviceId });
const tenant = () => world.key.tenantId;

/** By what each list can be narrowed; each is tried alone, and all of them together. */
const LISTS: Record<string, [filters: () => object, list: (tx: Tx, filter: never) => Promise<{ rows: unknown[] }>]> = {
  environments: [() => ({ status: 'Ready', ...time }), (tx, filter) => pageOfEnvironments(tx, tenant(), filter, page)],
  deployments: [
    () => ({ ...of(), status: 'Completed', ...time }),
    (tx, filter) => pageOfDeployments(tx, tenant(), filter, page),
  ],
  operations: [
    () => ({ ...of(), status: 'Succeeded', ...time }),
    (tx, filter) => pageOfOperations(tx, tenant(), { kinds: [...OPERATION_KINDS], ...(filter as object) }, page),
  ],
  services: [
    () => ({ ...of(), status: 'Running', updatedAfter: time.createdAfter }),
    (tx, filter) => pageOfServices(tx, tenant(), filter, page),
  ],
  configurations: [
    () => ({ environmentId: of().environmentId, ...time }),
    (tx, filter) => pageOfConfigurations(tx, tenant(), filter, page),
  ],
  'scaling policies': [
    () => ({ ...of(), ...time }),
    (tx, filter) => pageOfScalingPolicies(tx, tenant(), { status: 'InForce', ...(filter as object) }, page),
  ],
  'removed scaling policies': [
    () => ({ ...of(), ...time }),
    (tx, filter) => pageOfScalingPolicies(tx, tenant(), { status: 'Removed', ...(filter as object) }, page),
  ],
  'versions of a scaling policy': [
    () => ({ change: 'Applied', ...time }),
    (tx, filter) => pageOfVersions(tx, tenant(), world.ids.policyId as PolicyId, filter, page),
  ],
  'secret bindings': [
    () => ({ ...of(), status: 'InForce', ...time }),
    (tx, filter) => pageOfSecretBindings(tx, tenant(), filter, page),
  ],
  approvals: [
    () => ({ ...of(), status: 'Pending', ...time }),
    (tx, filter) => pageOfApprovals(tx, tenant(), filter, page),
  ],
  findings: [
    () => ({ serviceId: 'a', detectedAfter: time.createdAfter }),
    (tx, filter) => pageOfFindings(tx, world.key, { status: 'Open', ...(filter as object) }, page),
  ],
  health: [
    () => ({ status: 'Healthy', ...time }),
    (tx, filter) => pageOfHealth(tx, world.key, of().serviceId, filter, page),
  ],
  'tenant bindings': [
    () => ({ environmentId: of().environmentId, isRevoked: false, ...time }),
    (tx, filter) => pageOfBindings(tx, tenant(), filter, page),
  ],
  audit: [
    () => ({ environmentId: of().environmentId as EnvironmentId, decision: 'allowed', ...time }),
    (tx, filter) => pageOfRequests(tx, tenant(), filter, page),
  ],
};

/** The tables of which `look` reads every row. */
const scannedBy = (look: (tx: Tx) => Promise<unknown>) =>
  stand.db.forTenant(tenant(), async (tx) => {
    await look(tx);
    // Of this transaction alone.
    const { rows } = await tx.execute<{ relname: string }>(
      sql`select relname from pg_stat_xact_user_tables where seq_scan > 0`,
    );
    return rows.map(({ relname }) => relname);
  });

it.each(Object.entries(LISTS))('the list of %s', async (_name, [filters, list]) => {
  const all = filters();
  const alone = Object.entries(all).map(([name, value]) => ({ [name]: value as unknown }));
  for (const filter of [{}, ...alone, all]) {
    const scanned = await scannedBy((tx) => list(tx, filter as never));
    expect({ filter, scanned }).toEqual({ filter, scanned: [] });
  }
});

it('a list that did would be found', async () => {
  const scanned = await scannedBy(async (tx) => {
    for (const way of ['indexscan', 'indexonlyscan', 'bitmapscan']) {
      await tx.execute(sql.raw(`set local enable_${way} = off`));
    }
    await pageOfApprovals(tx, tenant(), {}, page);
  });
  expect(scanned).toContain('approvals');
});
