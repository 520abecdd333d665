// Every scope a token can carry: first the nine of the Runtime API's contract, then those for what it leaves unnamed.

/** All scopes of the Runtime API and of the resource manager (`planes.{plane}.{read|write}`). */
export const SCOPES = [
  'runtime.environments.write',
  'runtime.environments.read',
  'runtime.deployments.write',
  'runtime.deployments.read',
  'runtime.configurations.write',
  'runtime.secrets.write',
  'runtime.health.read',
  'runtime.scaling.write',
  'runtime.drift.read',
  'runtime.configurations.read',
  'runtime.secrets.read',
  'runtime.scaling.read',
  'runtime.drift.write',
  'runtime.approvals.write',
  'runtime.events.read',
  'runtime.events.write',
  'runtime.audit.read',
  'runtime.payloads.read',
  'planes.radius.read',
  'planes.radius.write',
  'planes.runtime.read',
  'planes.runtime.write',
  'planes.aws.read',
  'planes.aws.write',
  'planes.azure.read',
  'planes.azure.write',
  'planes.kubernetes.read',
  'planes.kubernetes.write',
  'planes.admin.write',
] as const;

/** One scope of `SCOPES`. */
export type Scope = (typeof SCOPES)[number];
