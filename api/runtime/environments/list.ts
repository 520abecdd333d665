import { pageOfEnvironments } from '../../../db/lists.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { environmentList, environmentsQuery } from '../../shapes/environment.ts';
import { renderEnvironment } from './render.ts';

export const listEnvironments = read({
  route: '/runtime/environments',
  scope: 'runtime.environments.read',
  summary: 'List environments, the newest first',
  input: { query: environmentsQuery },
  output: { 200: environmentList },
  async run(tx, { tenantId }, { query }) {
    const page = await pageOfEnvironments(tx, tenantId, query, pageIn(query));
    return listAnswer('environments', page, renderEnvironment);
  },
});
