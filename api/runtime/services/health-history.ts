import { pageOfHealth } from '../../../db/health.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { healthHistory, healthHistoryQuery } from '../../shapes/health.ts';
import { serviceParams } from '../../shapes/logs.ts';
import { byService, findService } from './locate.ts';
import { renderHealth } from './render-health.ts';

export const listServiceHealth = read({
  route: '/runtime/services/{serviceId}/health/history',
  scope: 'runtime.health.read',
  summary: 'List what the prober saw of a service, the newest first',
  refuses: ['ServiceAmbiguous'],
  input: { params: serviceParams, query: healthHistoryQuery },
  output: { 200: healthHistory },
  target: byService,
  async run(tx, { tenantId }, { params, query }) {
    const { serviceId, environmentId } = await findService(tx, tenantId, params.serviceId, query.environmentId);
    const page = await pageOfHealth(tx, { tenantId, environmentId }, serviceId, query, pageIn(query));
    return listAnswer('health', page, renderHealth);
  },
});
