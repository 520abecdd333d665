import { findDeployment } from '../../../db/deployments.ts';
import type { DeploymentId } from '../../../domain/ids.ts';
import type { Target } from '../../endpoint.ts';

/** The environment of the deployment that the path names. */
export const byDeployment: Target<{ params: { deploymentId: DeploymentId } }> = {
  notFound: 'DeploymentNotFound',
  locate: async (tx, tenantId, { params }) =>
    (await findDeployment(tx, tenantId, params.deploymentId))?.environmentId ?? null,
};
