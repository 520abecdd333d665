import { read } from '../../endpoint.ts';
import { healthAnswer } from '../../shapes/health.ts';
import { serviceParams, serviceQuery } from '../../shapes/logs.ts';
import { healthOf } from './health-of.ts';
import { byService, findService } from './locate.ts';

/** The prober's latest sample, as old as `evaluatedAt` says; nothing is probed for the question. */
export const getServiceHealth = read({
  route: '/runtime/services/{serviceId}/health',
  scope: 'runtime.health.read',
  summary: 'Get the latest health of a service',
  refuses: ['ServiceAmbiguous'],
  input: { params: serviceParams, query: serviceQuery },
  output: { 200: healthAnswer },
  target: byService,
  async run(tx, { tenantId }, { params, query }) {
    const { serviceId, environmentId } = await findService(tx, tenantId, params.serviceId, query.environmentId);
    return { status: 200 as const, body: await healthOf(tx, { tenantId, environmentId }, serviceId) };
  },
});
