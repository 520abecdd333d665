import type { EnvironmentId } from '../../../domain/ids.ts';
import { isTerminalPhase } from '../../../domain/phases.ts';
import { watch } from '../../endpoint.ts';
import { deploymentParams, deploymentProgress } from '../../shapes/deployment.ts';
import { byDeployment } from './locate.ts';
import { loadProgress, type DeploymentProgress } from './progress.ts';

/** How far a deployment has come, until it has ended. */
export const watchDeployment = watch<{ params: typeof deploymentParams }, DeploymentProgress>({
  route: '/runtime/deployments/{deploymentId}',
  scope: 'runtime.deployments.read',
  input: { params: deploymentParams },
  output: { 200: deploymentProgress },
  target: byDeployment,
  event: (data) => ({ id: '', event: 'deployment', data }),
  async run(tx, { tenantId }, { params: { deploymentId } }, { live }) {
    const { environmentId } = await loadProgress(tx, tenantId, deploymentId);
    return live.view<DeploymentProgress>({
      name: `deployment ${deploymentId}`,
      key: { tenantId, environmentId: environmentId as EnvironmentId },
      load: (tx) => loadProgress(tx, tenantId, deploymentId),
      mark: (progress) => JSON.stringify(progress),
      isLast: ({ status }) => isTerminalPhase(status),
    });
  },
});
