import { mutation } from '../../endpoint.ts';
import { commanding, give } from './command.ts';

export const promoteDeployment = mutation({
  ...commanding,
  refuses: [...commanding.refuses],
  route: '/runtime/deployments/{deploymentId}/promote',
  summary: 'Take a deployment past the step that it is at',
  run: (tx, caller, { params, body }) => give(tx, caller, 'promote', params.deploymentId, body.reason),
});
