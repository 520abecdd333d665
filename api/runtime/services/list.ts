import { pageOfServices } from '../../../db/lists.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { serviceList, servicesQuery } from '../../shapes/service.ts';
import { renderService } from './render.ts';

export const listServices = read({
  route: '/runtime/services',
  scope: 'runtime.environments.read',
  summary: 'List the live services of every environment',
  input: { query: servicesQuery },
  output: { 200: serviceList },
  run: ({ db }, { tenantId }, { query }) =>
    db.forTenant(tenantId, async (tx) => {
      const page = await pageOfServices(tx, tenantId, query, pageIn(query));
      return listAnswer('services', page, renderService);
    }),
});
