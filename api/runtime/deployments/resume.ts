import { mutation } from '../../endpoint.ts';
import { commanding, give } from './command.ts';

export const resumeDeployment = mutation({
  ...commanding,
  refuses: [...commanding.refuses],
  route: '/runtime/deployments/{deploymentId}/resume',
  summary: 'Go on with a deployment that was paused',
  run: (tx, caller, { params, body }) => give(tx, caller, 'resume', params.deploymentId, body.reason),
});
