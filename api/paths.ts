/** Where things are found, as answers say it. */
import type {
  BindingId,
  ConfigurationId,
  DeploymentId,
  EnvironmentId,
  OperationId,
  PolicyId,
  SecretBindingId,
} from '../domain/ids.ts';

export const VERSION_PREFIX = '/v1';

export const environmentPath = (id: EnvironmentId) => `${VERSION_PREFIX}/runtime/environments/${id}`;
export const configurationPath = (id: ConfigurationId) => `${VERSION_PREFIX}/runtime/configurations/${id}`;
export const deploymentPath = (id: DeploymentId) => `${VERSION_PREFIX}/runtime/deployments/${id}`;
export const operationPath = (id: OperationId) => `${VERSION_PREFIX}/runtime/operations/${id}`;
export const scalingPolicyPath = (id: PolicyId) => `${VERSION_PREFIX}/runtime/scaling-policies/${id}`;
export const secretBindingPath = (id: SecretBindingId) => `${VERSION_PREFIX}/runtime/secret-bindings/${id}`;
export const tenantBindingPath = (id: BindingId) => `${VERSION_PREFIX}/runtime/internal/tenant-bindings/${id}`;
