/** A service by its id, wherever the tenant has it; `environmentId` tells several of one id apart. */
import type { Tx } from '../../../db/client.ts';
import { findServices, type ServiceRow } from '../../../db/services.ts';
import { PlatformError } from '../../../domain/errors.ts';
import type { EnvironmentId } from '../../../domain/ids.ts';
import type { Target } from '../../endpoint.ts';
import { notThere } from '../../tenant-guard.ts';

/** @throws PlatformError `ServiceNotFound`, `ServiceAmbiguous` naming the environments */
export async function findService(
  tx: Tx,
  tenantId: string,
  serviceId: string,
  environmentId: EnvironmentId | undefined,
): Promise<ServiceRow> {
  const everywhere = await findServices(tx, tenantId, serviceId);
  const found = everywhere.filter((row) => environmentId === undefined || row.environmentId === environmentId);
  if (found.length > 1) {
    const details = { environmentIds: found.map((row) => row.environmentId) };
    const message = 'Several environments run this service: name one by environmentId.';
    throw new PlatformError('ServiceAmbiguous', message, { details });
  }
  const [service] = found;
  if (!service) throw notThere('ServiceNotFound');
  return service;
}

/** The environment that runs the service of the path. */
export const byService: Target<{ params: { serviceId: string }; query: { environmentId?: EnvironmentId } }> = {
  notFound: 'ServiceNotFound',
  locate: async (tx, tenantId, { params, query }) =>
    (await findService(tx, tenantId, params.serviceId, query.environmentId)).environmentId,
};
