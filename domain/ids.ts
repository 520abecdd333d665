import type { SweepKind } from './sweeps.ts';

/**
 * Ids are opaque, prefixed and sortable: the prefix, a hyphen, and the 32 hex digits of a UUIDv7 (`db/new-id.ts` makes
 * them). A service's id is its `moduleId`, verbatim.
 */
export type EnvironmentId = `env-${string}`;
export type DeploymentId = `dep-${string}`;
export type OperationId = `op-${string}`;
export type ConfigurationId = `cfg-${string}`;
export type SnapshotId = `snap-${string}`;
export type PolicyId = `pol-${string}`;
export type SecretBindingId = `sb-${string}`;
export type ApprovalId = `apr-${string}`;
export type FindingId = `drift-${string}`;
export type EventId = `evt-${string}`;
export type RequestId = `req-${string}`;
export type BindingId = `tb-${string}`;
export type TraceId = `trace-${string}`;

/** Who owns what an operation works on: the key of almost every row. */
export interface EnvironmentKey {
  tenantId: string;
  environmentId: EnvironmentId;
}

/** What a command is known by: its receipt, or the approval whose decision it came with. It is the id of the Update that tells of it. */
export type CommandId = RequestId | ApprovalId;

/** The input of every operation's workflow and of most activities: ids only, the rows say the rest. */
export interface OperationKey extends EnvironmentKey {
  operationId: OperationId;
}

/** The workflow id of an environment's lane: the only statement of that key. */
export function laneWorkflowId(environmentId: EnvironmentId): string {
  return `lane/${environmentId}`;
}

/** An operation's workflow id is its own id, so that a second start of it is refused by Temporal. */
export function operationWorkflowId(operationId: OperationId): string {
  return operationId;
}

/** A sweep's workflow id: one per kind. */
export function sweepWorkflowId(kind: SweepKind): string {
  return `sweep/${kind}`;
}
