/** Every endpoint there is: the transports, their documents and their tests derive from this list. */
import type { Endpoint } from './endpoint.ts';
import { approveApproval } from './runtime/approvals/approve.ts';
import { getApproval } from './runtime/approvals/get.ts';
import { listApprovals } from './runtime/approvals/list.ts';
import { rejectApproval } from './runtime/approvals/reject.ts';
import { listAudit } from './runtime/audit/list.ts';
import { createConfiguration } from './runtime/configurations/create.ts';
import { diffConfigurations } from './runtime/configurations/diff.ts';
import { getConfiguration } from './runtime/configurations/get.ts';
import { listConfigurations } from './runtime/configurations/list.ts';
import { abortDeployment } from './runtime/deployments/abort.ts';
import { createDeployment } from './runtime/deployments/create.ts';
import { watchDeploymentEvents } from './runtime/deployments/events.ts';
import { getDeployment } from './runtime/deployments/get.ts';
import { listDeployments } from './runtime/deployments/list.ts';
import { pauseDeployment } from './runtime/deployments/pause.ts';
import { promoteDeployment } from './runtime/deployments/promote.ts';
import { resumeDeployment } from './runtime/deployments/resume.ts';
import { rollbackDeployment } from './runtime/deployments/rollback.ts';
import { getDrift } from './runtime/drift/get.ts';
import { scanDrift } from './runtime/drift/scan.ts';
import { patchEnvironment } from './runtime/environments/change.ts';
import { createEnvironment } from './runtime/environments/create.ts';
import { decommissionEnvironment } from './runtime/environments/decommission.ts';
import { watchEnvironmentEvents } from './runtime/environments/events.ts';
import { getEnvironment } from './runtime/environments/get.ts';
import { listEnvironments } from './runtime/environments/list.ts';
import { getOperation } from './runtime/operations/get.ts';
import { listOperations } from './runtime/operations/list.ts';
import { applyScalingPolicy } from './runtime/scaling-policies/apply.ts';
import { getScalingPolicy } from './runtime/scaling-policies/get.ts';
import { listScalingPolicyVersions } from './runtime/scaling-policies/list-versions.ts';
import { listScalingPolicies } from './runtime/scaling-policies/list.ts';
import { createSecretBinding } from './runtime/secret-bindings/create.ts';
import { getSecretBinding } from './runtime/secret-bindings/get.ts';
import { listSecretBindings } from './runtime/secret-bindings/list.ts';
import { getService } from './runtime/services/get.ts';
import { listServiceHealth } from './runtime/services/health-history.ts';
import { getServiceHealth } from './runtime/services/health.ts';
import { listServices } from './runtime/services/list.ts';
import { serviceLogs } from './runtime/services/logs.ts';
import { restartService } from './runtime/services/restart.ts';
import { watchServiceHealth } from './runtime/services/watch-health.ts';

export const endpoints: Endpoint[] = [
  createEnvironment,
  listEnvironments,
  getEnvironment,
  watchEnvironmentEvents,
  patchEnvironment,
  decommissionEnvironment,
  createConfiguration,
  listConfigurations,
  getConfiguration,
  diffConfigurations,
  createDeployment,
  listDeployments,
  getDeployment,
  watchDeploymentEvents,
  rollbackDeployment,
  pauseDeployment,
  resumeDeployment,
  promoteDeployment,
  abortDeployment,
  applyScalingPolicy,
  listScalingPolicies,
  getScalingPolicy,
  listScalingPolicyVersions,
  createSecretBinding,
  listSecretBindings,
  getSecretBinding,
  listServices,
  getService,
  getServiceHealth,
  listServiceHealth,
  watchServiceHealth,
  serviceLogs,
  listApprovals,
  getApproval,
  approveApproval,
  rejectApproval,
  restartService,
  scanDrift,
  getDrift,
  listOperations,
  getOperation,
  listAudit,
];
