import { mutation } from '../../endpoint.ts';
import { commanding, give } from './command.ts';

export const pauseDeployment = mutation({
  ...commanding,
  refuses: [...commanding.refuses],
  route: '/runtime/deployments/{deploymentId}/pause',
  summary: 'Stop a deployment at its next step',
  run: (tx, caller, { params, body }) => give(tx, caller, 'pause', params.deploymentId, body.reason),
});
