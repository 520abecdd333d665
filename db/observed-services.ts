/** What workers on the outside have seen of live services. */
import { and, eq } from 'drizzle-orm';
import type { EnvironmentKey } from '../domain/ids.ts';
import { sawTheSame, type Observed } from '../domain/observed.ts';
import type { Tx } from './client.ts';
import { lockEnvironment } from './environments.ts';
import { appendEvent } from './events.ts';
import { services } from './schema/index.ts';
import type { ServiceRow } from './services.ts';

/**
 * Notes a look at a service, and an event when it saw something else than the look before.
 *
 * @returns `missing` when the inventory has no such service; `outdated` when another revision is live, or a later look
 *   is on record.
 */
export async function observeService(
  tx: Tx,
  key: EnvironmentKey,
  serviceId: string,
  observed: Observed,
): Promise<ServiceRow | 'missing' | 'outdated'> {
  // As a promotion does: the revision stays the live one until this is written.
  await lockEnvironment(tx, key);
  const isIt = and(
    eq(services.tenantId, key.tenantId),
    eq(services.environmentId, key.environmentId),
    eq(services.serviceId, serviceId),
  );
  const [before] = await tx.select().from(services).where(isIt);
  if (!before) return 'missing';
  if (before.revision !== observed.revision) return 'outdated';
  if (before.observed && Date.parse(before.observed.observedAt) > Date.parse(observed.observedAt)) return 'outdated';
  await tx.update(services).set({ observed }).where(isIt);
  if (!sawTheSame(before.observed, observed)) {
    const { observedAt: _when, ...seen } = observed;
    await appendEvent(tx, key, { type: 'service.observed', data: { serviceId, ...seen } });
  }
  return { ...before, observed };
}
