import { read } from '../../endpoint.ts';
import { serviceParams, serviceQuery } from '../../shapes/logs.ts';
import { serviceAnswer } from '../../shapes/service.ts';
import { byService, findService } from './locate.ts';
import { renderService } from './render.ts';

export const getService = read({
  route: '/runtime/services/{serviceId}',
  scope: 'runtime.environments.read',
  summary: 'Get what is live of a service',
  refuses: ['ServiceAmbiguous'],
  input: { params: serviceParams, query: serviceQuery },
  output: { 200: serviceAnswer },
  target: byService,
  run: async (tx, { tenantId }, { params, query }) => ({
    status: 200 as const,
    body: renderService(await findService(tx, tenantId, params.serviceId, query.environmentId)),
  }),
});
