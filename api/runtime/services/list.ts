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
  async run(tx, { tenantId }, { query }) {
    const page = await pageOfServices(tx, tenantId, query, pageIn(query));
    return listAnswer('services', page, renderService);
  },
});
