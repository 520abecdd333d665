import { stream } from '../../endpoint.ts';
import { logLine, logsQuery, serviceParams } from '../../shapes/logs.ts';
import { byService, findService } from './locate.ts';

export const serviceLogs = stream({
  route: '/runtime/services/{serviceId}/logs',
  scope: 'runtime.environments.read',
  summary: 'Read or follow the log of a service, line by line',
  refuses: ['ServiceAmbiguous', 'ComputeUnavailable'],
  input: { params: serviceParams, query: logsQuery },
  output: { 200: logLine },
  target: byService,
  async run({ db, compute }, { tenantId }, { params, query }, signal) {
    const service = await db.forTenant(tenantId, (tx) =>
      findService(tx, tenantId, params.serviceId, query.environmentId),
    );
    const { environmentId, serviceId } = service;
    const { tail, follow } = query;
    return compute.logs({ tenantId, environmentId, serviceId }, { tail, follow, signal });
  },
});
