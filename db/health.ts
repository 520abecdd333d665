/** What the prober saw: the newest sample of a service is its health. */
import { and, desc, eq, sql } from 'drizzle-orm';
import { UNKNOWN_HEALTH, type CheckResult, type HealthStatus, type ServiceHealth } from '../domain/health.ts';
import type { EnvironmentKey } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { appendEvent } from './events.ts';
import { lockEnvironment } from './environments.ts';
import { afterKey, byKey, createdBetween, equals, pageOf } from './page.ts';
import type { CreatedBetween, Page, PageRequest } from './page.ts';
import { healthSamples, services } from './schema/index.ts';

export type HealthSampleRow = typeof healthSamples.$inferSelect;

export interface HealthSample extends ServiceHealth {
  evaluatedAt: Date;
}

/** The newest so many samples of a service are kept. */
export const KEPT_SAMPLES = 500;

const ofService = (key: EnvironmentKey, serviceId: string) =>
  and(
    eq(healthSamples.tenantId, key.tenantId),
    eq(healthSamples.environmentId, key.environmentId),
    eq(healthSamples.serviceId, serviceId),
  );

/** The newest sample; null when the service was never probed. */
export async function latestHealth(tx: Tx, key: EnvironmentKey, serviceId: string): Promise<HealthSampleRow | null> {
  const [row] = await tx
    .select()
    .from(healthSamples)
    .where(ofService(key, serviceId))
    .orderBy(desc(healthSamples.evaluatedAt))
    .limit(1);
  return row ?? null;
}

/** Of a service that is there, its newest sample, which is null when it was never probed; null when it is not there. */
export async function serviceWithHealth(
  tx: Tx,
  key: EnvironmentKey,
  serviceId: string,
): Promise<{ latest: HealthSampleRow | null } | null> {
  const latest = tx
    .select()
    .from(healthSamples)
    .where(ofService(key, serviceId))
    .orderBy(desc(healthSamples.evaluatedAt))
    .limit(1)
    .as('latest');
  const isIt = and(
    eq(services.tenantId, key.tenantId),
    eq(services.environmentId, key.environmentId),
    eq(services.serviceId, serviceId),
  );
  const [row] = await tx
    .select({ latest: latest._.selectedFields, serviceId: services.serviceId })
    .from(services)
    .leftJoinLateral(latest, sql`true`)
    .where(isIt);
  return row ? { latest: row.latest } : null;
}

/** What was seen of a service, the newest first. */
export async function pageOfHealth(
  tx: Tx,
  key: EnvironmentKey,
  serviceId: string,
  filter: CreatedBetween & { status?: HealthStatus },
  page: PageRequest,
): Promise<Page<HealthSampleRow>> {
  const { evaluatedAt, status } = healthSamples;
  const rows = await tx
    .select()
    .from(healthSamples)
    .where(
      and(
        ofService(key, serviceId),
        equals(status, filter.status),
        createdBetween(evaluatedAt, filter),
        afterKey(page, evaluatedAt),
      ),
    )
    .orderBy(...byKey(evaluatedAt))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.evaluatedAt.toISOString()]);
}

/** Whether this very sample is on record still. */
export async function hasHealthSample(tx: Tx, key: EnvironmentKey, serviceId: string, at: Date): Promise<boolean> {
  const rows = await tx
    .select({ evaluatedAt: healthSamples.evaluatedAt })
    .from(healthSamples)
    .where(and(ofService(key, serviceId), eq(healthSamples.evaluatedAt, at)));
  return rows.length > 0;
}

/**
 * Adds a sample, and the event `service.health` when it differs from the one before: in status, or in what a check says. A sample that is not newer
 * than the newest says nothing any more: it is left out, and false is returned. Whoever calls knows that the service exists.
 */
export async function recordHealth(
  tx: Tx,
  key: EnvironmentKey,
  serviceId: string,
  { status, checks, evaluatedAt }: HealthSample,
): Promise<boolean> {
  // One writer of a service at a time, so that each change of status is told once; a row to lock may not be there yet.
  const lock = JSON.stringify(['health', key.tenantId, key.environmentId, serviceId]);
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`);
  const last = await latestHealth(tx, key, serviceId);
  if (last && last.evaluatedAt >= evaluatedAt) return false;
  const previousStatus = (last ?? UNKNOWN_HEALTH).status;
  const isChange = status !== previousStatus || saidBy(checks) !== saidBy((last ?? UNKNOWN_HEALTH).checks);
  // The environment before anything else, as a promotion locks.
  if (isChange) await lockEnvironment(tx, key);
  await insertAndPrune(tx, { ...key, serviceId, status, checks, evaluatedAt });
  if (isChange) {
    const failing = checks.filter((check) => check.status !== 'Healthy').map(({ name }) => name);
    await appendEvent(tx, key, { type: 'service.health', data: { serviceId, status, previousStatus, failing } });
  }
  return true;
}

/** What the checks say, without how long they took. */
function saidBy(checks: readonly CheckResult[]): string {
  return JSON.stringify(checks.map(({ name, status }) => [name, status]).sort());
}

/** Forgets what was seen of services that are gone. */
export async function forgetHealth(tx: Tx, key: EnvironmentKey, serviceIds: string[]): Promise<void> {
  for (const serviceId of serviceIds) await tx.delete(healthSamples).where(ofService(key, serviceId));
}

async function insertAndPrune(tx: Tx, sample: HealthSampleRow): Promise<void> {
  const { tenantId, environmentId, serviceId, evaluatedAt, status, checks } = sample;
  const ofIt = ofService({ tenantId, environmentId }, serviceId);
  // Both parts see the table as it was: with the new one there are as many as are kept.
  await tx.execute(sql`
    with pruned as (
      delete from ${healthSamples} where ${ofIt} and ${healthSamples.evaluatedAt} <= (
        select ${healthSamples.evaluatedAt} from ${healthSamples} where ${ofIt}
        order by ${healthSamples.evaluatedAt} desc offset ${KEPT_SAMPLES - 1} limit 1))
    insert into ${healthSamples} (tenant_id, environment_id, service_id, evaluated_at, status, checks)
    values (${tenantId}, ${environmentId}, ${serviceId}, ${evaluatedAt}, ${status}, ${JSON.stringify(checks)}::jsonb)`);
}
