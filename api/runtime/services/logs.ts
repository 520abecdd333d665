import { findServices } from '../../../db/services.ts';
import { PlatformError } from '../../../domain/errors.ts';
import { stream } from '../../endpoint.ts';
import { logLine, logsQuery, serviceParams } from '../../shapes/logs.ts';
import { notThere } from '../../tenant-guard.ts';

export const serviceLogs = stream({
  route: '/runtime/services/{serviceId}/logs',
  scope: 'runtime.environments.read',
  summary: 'Read or follow the log of a service, line by line',
  refuses: ['ServiceAmbiguous', 'ComputeUnavailable'],
  input: { params: serviceParams, query: logsQuery },
  output: { 200: logLine },
  target: {
    notFound: 'ServiceNotFound',
    locate: async (tx, tenantId, { params, query }) => {
      const everywhere = await findServices(tx, tenantId, params.serviceId);
      const { environmentId } = query;
      const found = everywhere.filter((row) => environmentId === undefined || row.environmentId === environmentId);
      if (found.length > 1) {
        throw new PlatformError(
          'ServiceAmbiguous',
          'Several environments run this service: name one by environmentId.',
          {
            details: { environmentIds: found.map((row) => row.environmentId) },
          },
        );
      }
      return found[0]?.environmentId ?? null;
    },
  },
  async run({ db, compute }, { tenantId }, { params, query }, signal) {
    const services = await db.forTenant(tenantId, (tx) => findServices(tx, tenantId, params.serviceId));
    const service = services.find(
      (row) => query.environmentId === undefined || row.environmentId === query.environmentId,
    );
    if (!service) throw notThere('ServiceNotFound');
    const { environmentId, serviceId } = service;
    const { tail, follow } = query;
    return compute.logs({ tenantId, environmentId, serviceId }, { tail, follow, signal });
  },
});
