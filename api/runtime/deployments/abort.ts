import { mutation } from '../../endpoint.ts';
import { commanding, give } from './command.ts';

export const abortDeployment = mutation({
  ...commanding,
  refuses: [...commanding.refuses],
  route: '/runtime/deployments/{deploymentId}/abort',
  summary: 'Give a deployment up, and go back to what ran before',
  run: (tx, caller, { params, body }) => give(tx, caller, 'abort', params.deploymentId, body.reason),
});
