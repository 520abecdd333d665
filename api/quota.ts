/** Quotas: an operation takes its place in them in the transaction that accepts it, or is not accepted. */
import type { Tx } from '../db/client.ts';
import { findOperation } from '../db/operations.ts';
import { countEnvironments, countOpenOperations, demandsOn } from '../db/quota-use.ts';
import { serializeOn } from '../db/requests.ts';
import { scalingOf, scalingPoliciesOf } from '../db/scaling-policies.ts';
import { bindingOf } from '../db/tenant-bindings.ts';
import { PlatformError } from '../domain/errors.ts';
import type { EnvironmentKey, OperationId } from '../domain/ids.ts';
import { useAround, type Quotas } from '../domain/quota.ts';

/**
 * Looks at what the operation just written comes to, with all that stands beside it: too much, and nothing of it stays.
 *
 * @throws PlatformError `QuotaExceeded`
 */
export async function reserveQuota(
  tx: Tx,
  defaults: Quotas,
  { id, key }: { id: OperationId; key: EnvironmentKey },
): Promise<void> {
  const operation = await findOperation(tx, key.tenantId, id);
  switch (operation?.kind) {
    case 'provision':
      return await reserveEnvironment(tx, defaults, key.tenantId);
    case 'deploy':
      return await reserveDeployment(tx, { ...defaults, ...(await bindingOf(tx, key))?.quota }, key, id);
    case 'decommission':
    case 'driftScan':
    case undefined:
      // Taking away always has a place, and at most one scan waits.
      return;
  }
}

async function reserveEnvironment(tx: Tx, { environments: limit }: Quotas, tenantId: string): Promise<void> {
  // The tenant's other acceptances are seen here, or wait here.
  await serializeOn(tx, 'quota', tenantId);
  const wanted = await countEnvironments(tx, tenantId);
  if (wanted > limit) throw exceeded('environments', 'The tenant', { limit, used: wanted - 1, wanted });
}

/** Under the environment's row lock, which the acceptance holds. */
async function reserveDeployment(tx: Tx, limits: Quotas, key: EnvironmentKey, id: OperationId): Promise<void> {
  const operations = await countOpenOperations(tx, key);
  if (operations > limits.operations) {
    const { operations: limit } = limits;
    throw exceeded('operations', 'The environment', { limit, used: operations - 1, wanted: operations });
  }
  const { live, open } = await demandsOn(tx, key);
  const place = open.findIndex(({ operationId }) => operationId === id);
  const mine = open[place];
  if (!mine) throw new Error(`the deployment of ${id} is not among those that are open`);
  // What is gone back to brings its policies along.
  const rows = mine.isRollback ? [] : await scalingPoliciesOf(tx, key);
  const policies = Object.fromEntries([...rows].map(([serviceId, row]) => [serviceId, scalingOf(row)]));
  const earlier = [live, ...open.slice(0, place).map(({ demand }) => demand)];
  const { before, after } = useAround(earlier, mine.demand, policies);
  for (const quota of ['services', 'replicas'] as const) {
    const [limit, used, wanted] = [limits[quota], before[quota], after[quota]];
    // What asks for no more than there is already is let through: it may be the way back under a limit that was lowered.
    if (wanted > limit && wanted > used) throw exceeded(quota, 'The environment', { limit, used, wanted });
  }
}

function exceeded(
  quota: keyof Quotas,
  whose: string,
  numbers: { limit: number; used: number; wanted: number },
): PlatformError {
  const { limit, wanted } = numbers;
  const message = `${whose} may have ${limit} ${quota}; this would make it ${wanted}.`;
  return new PlatformError('QuotaExceeded', message, { details: { quota, ...numbers } });
}
