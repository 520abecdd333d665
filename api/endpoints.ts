/** Every endpoint there is: the transports, their documents and their tests derive from this list. */
import type { Endpoint } from './endpoint.ts';
import { createConfiguration } from './runtime/configurations/create.ts';
import { getConfiguration } from './runtime/configurations/get.ts';
import { createDeployment } from './runtime/deployments/create.ts';
import { getDeployment } from './runtime/deployments/get.ts';
import { rollbackDeployment } from './runtime/deployments/rollback.ts';
import { createEnvironment } from './runtime/environments/create.ts';
import { decommissionEnvironment } from './runtime/environments/decommission.ts';
import { getEnvironment } from './runtime/environments/get.ts';
import { getOperation } from './runtime/operations/get.ts';
import { applyScalingPolicy } from './runtime/scaling-policies/apply.ts';
import { getScalingPolicy } from './runtime/scaling-policies/get.ts';
import { createSecretBinding } from './runtime/secret-bindings/create.ts';
import { getSecretBinding } from './runtime/secret-bindings/get.ts';
import { serviceLogs } from './runtime/services/logs.ts';
import { restartService } from './runtime/services/restart.ts';

export const endpoints: Endpoint[] = [
  createEnvironment,
  getEnvironment,
  decommissionEnvironment,
  createConfiguration,
  getConfiguration,
  createDeployment,
  getDeployment,
  rollbackDeployment,
  applyScalingPolicy,
  getScalingPolicy,
  createSecretBinding,
  getSecretBinding,
  serviceLogs,
  restartService,
  getOperation,
];
