/** Every status in the platform and the transitions between them; a row changes status only along these tables. */
export const OPERATION_STATUSES = ['Accepted', 'Updating', 'Succeeded', 'Failed', 'Canceled'] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

export const OPERATION_KINDS = ['provision', 'deploy', 'decommission', 'driftScan'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** The phases of a deployment, which are its statuses. Other kinds of operations go through some of them. */
export const DEPLOYMENT_PHASES = [
  'Requested',
  'Provisioning',
  'Configuring',
  'RollingOut',
  'HealthGating',
  'Promoting',
  'RollingBack',
  'Completed',
  'RolledBack',
  'RollbackFailed',
  'Failed',
  'Canceled',
  'Superseded',
  'Rejected',
  'Expired',
] as const;
export type DeploymentPhase = (typeof DEPLOYMENT_PHASES)[number];

/** The phases of every kind of operation. */
export const PHASES = [...DEPLOYMENT_PHASES, 'Decommissioning', 'Scanning'] as const;
export type Phase = (typeof PHASES)[number];

/** Where each phase may go. An empty list is a terminal phase. */
export const PHASE_TRANSITIONS: Record<Phase, readonly Phase[]> = {
  Requested: ['Provisioning', 'Decommissioning', 'Scanning', 'Failed', 'Canceled', 'Superseded', 'Rejected', 'Expired'],
  // A provision completes from here; a deployment goes on to Configuring.
  Provisioning: ['Configuring', 'Completed', 'RollingBack', 'Failed', 'Canceled', 'Superseded'],
  // Going back may fail before it could say that it had begun. Until something that runs is touched it may just end.
  Configuring: ['RollingOut', 'RollingBack', 'RollbackFailed', 'Failed', 'Canceled', 'Superseded'],
  RollingOut: ['HealthGating', 'RollingBack', 'RollbackFailed', 'Failed'],
  HealthGating: ['Promoting', 'RollingBack', 'RollbackFailed', 'Failed'],
  Promoting: ['Completed', 'RollingBack', 'RollbackFailed', 'Failed'],
  // It has no way back: what could not be taken away is told, and taken up again by another one.
  Decommissioning: ['Completed', 'Failed'],
  // It has changed nothing.
  Scanning: ['Completed', 'Failed'],
  RollingBack: ['RolledBack', 'RollbackFailed', 'Failed'],
  Completed: [],
  RolledBack: [],
  RollbackFailed: [],
  Failed: [],
  Canceled: [],
  Superseded: [],
  Rejected: [],
  Expired: [],
};

export function isTerminalPhase(phase: Phase): boolean {
  return PHASE_TRANSITIONS[phase].length === 0;
}

/** The phases from which `to` may be entered: the `where phase in (...)` of its compare-and-set. */
export function phasesBefore(to: Phase): Phase[] {
  return PHASES.filter((from) => PHASE_TRANSITIONS[from].includes(to));
}

/** The phase that an operation enters when its turn comes. */
export function firstPhaseOf(kind: OperationKind): Phase {
  switch (kind) {
    case 'provision':
    case 'deploy':
      return 'Provisioning';
    case 'decommission':
      return 'Decommissioning';
    case 'driftScan':
      return 'Scanning';
  }
}

/** The status of an operation in `phase`. */
export function statusOfPhase(phase: Phase): OperationStatus {
  switch (phase) {
    case 'Requested':
      return 'Accepted';
    case 'Provisioning':
    case 'Configuring':
    case 'RollingOut':
    case 'HealthGating':
    case 'Promoting':
    case 'Decommissioning':
    case 'Scanning':
    case 'RollingBack':
      return 'Updating';
    case 'Completed':
      return 'Succeeded';
    case 'RolledBack':
    case 'RollbackFailed':
    case 'Failed':
    case 'Expired':
      return 'Failed';
    case 'Canceled':
    case 'Superseded':
    case 'Rejected':
      return 'Canceled';
  }
}

export const ENVIRONMENT_STATUSES = [
  'Provisioning',
  'Ready',
  'Updating',
  'Failed',
  'Decommissioning',
  'DecommissionBlocked',
  'Decommissioned',
] as const;
export type EnvironmentStatus = (typeof ENVIRONMENT_STATUSES)[number];

export const STAGES = ['dev', 'test', 'staging', 'prod'] as const;
export type Stage = (typeof STAGES)[number];

export const ISOLATION_MODELS = ['silo', 'pool', 'shared'] as const;
export type IsolationModel = (typeof ISOLATION_MODELS)[number];

export const COMPUTE_TARGETS = ['aks', 'container-apps', 'functions', 'app-service'] as const;
export type ComputeTargetName = (typeof COMPUTE_TARGETS)[number];

/** How far a component of a deployment has come. */
export const COMPONENT_STATUSES = [
  'Pending',
  'Rolling',
  'Gating',
  'Live',
  'Unchanged',
  'Failed',
  'RollingBack',
  'RolledBack',
  'RollbackFailed',
  'Retired',
] as const;
export type ComponentStatus = (typeof COMPONENT_STATUSES)[number];

/** `services`: bring what runs back to the live snapshot; `stack`: take away what a failed provision left. */
export type Convergence = 'services' | 'stack';
