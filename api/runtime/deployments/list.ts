import { pageOfDeployments } from '../../../db/lists.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { deploymentList, deploymentsQuery } from '../../shapes/deployment.ts';
import { renderSummary } from './render.ts';

export const listDeployments = read({
  route: '/runtime/deployments',
  scope: 'runtime.deployments.read',
  summary: 'List deployments, the newest first',
  input: { query: deploymentsQuery },
  output: { 200: deploymentList },
  async run(tx, { tenantId }, { query }) {
    const page = await pageOfDeployments(tx, tenantId, query, pageIn(query));
    return listAnswer('deployments', page, renderSummary);
  },
});
