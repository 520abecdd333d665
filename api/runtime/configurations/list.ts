import { pageOfConfigurations } from '../../../db/lists.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { configurationList, configurationsQuery } from '../../shapes/configuration.ts';
import { renderPublished } from './render.ts';

export const listConfigurations = read({
  route: '/runtime/configurations',
  scope: 'runtime.configurations.read',
  summary: 'List configurations without their content, the newest first',
  input: { query: configurationsQuery },
  output: { 200: configurationList },
  async run(tx, { tenantId }, { query }) {
    const page = await pageOfConfigurations(tx, tenantId, query, pageIn(query));
    return listAnswer('configurations', page, renderPublished);
  },
});
