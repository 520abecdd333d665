import type { TraceId } from './ids.ts';

/**
 * Why an operation ended badly, and what each reason asks for: a release fault goes back, a platform fault holds and
 * retries until the deadline, ours fails. A defect is ours and is waited out all the same: a newer worker may mend it.
 * These codes are the `type` of every `ApplicationFailure`.
 */
export const FAILURE_CLASSES = {
  EnvironmentNotReady: 'release',
  EnvironmentGone: 'release',
  ImageNotFound: 'release',
  ConfigurationMissing: 'release',
  SecretNotFound: 'release',
  ServiceGone: 'release',
  HealthGateUnhealthy: 'release',
  HealthGateNoData: 'release',
  HealthGateCrashLoop: 'release',
  PortsExhausted: 'release',
  StackFailed: 'platform',
  StackLocked: 'platform',
  LeftoversRemain: 'platform',
  ComputeUnavailable: 'platform',
  DatabaseUnavailable: 'platform',
  ProgressDeadlineExceeded: 'release',
  DeadlineExceeded: 'ours',
  ApprovalRejected: 'ours',
  ApprovalExpired: 'ours',
  GovernanceDenied: 'ours',
  OperationTerminated: 'ours',
  OperationCanceled: 'ours',
  OperationAborted: 'ours',
  OperationSuperseded: 'ours',
  CommandRefused: 'ours',
  OperationLost: 'ours',
  FenceRefused: 'ours',
  InternalFault: 'ours',
} as const;

export type FailureCode = keyof typeof FAILURE_CLASSES;
export type FailureClass = (typeof FAILURE_CLASSES)[FailureCode];

/**
 * Something of an environment that could not be taken away; a `resource` is there by the environment's tag and named by
 * its type, `unknown` is what could not be looked at.
 */
export interface Leftover {
  kind: 'service' | 'route' | 'stack' | 'resource' | 'unknown';
  name: string;
}

/** One look of the prober at one replica. */
export interface Probe {
  at: string;
  instanceId: string;
  status: 'healthy' | 'unhealthy' | 'noData';
  /** `GET /healthz answered 503: …`, or why there was no answer. */
  saw: string;
  tookMs?: number;
}

/** What the row of a failed operation says: never a stack trace, never a secret. */
export interface Failure {
  code: FailureCode;
  /** What happened, for a person. */
  message: string;
  /** The component it happened in, when it happened in one. */
  serviceId?: string;
  /** What the probe saw. */
  evidence?: string;
  /** The last looks at the replica that the evidence is of, oldest first. */
  probes?: Probe[];
  /** What the replica's process ended with last; left out while none has ended, or when a signal ended it. */
  exitCode?: number;
  /** The signal that ended it, e.g. `SIGKILL`. */
  exitSignal?: string;
  /** What the workload, or the stack's engine, said last. */
  lastLogLines?: string[];
  /**
   * What it waited for when it ended: the code of what a part of the platform failed of, the id of an approval or of the
   * operation before it, or a command.
   */
  heldBy?: string;
  /** What is still there of an environment that was to be taken away. */
  leftovers?: Leftover[];
  /** Of the call that asked for the operation. */
  traceId?: TraceId;
}

/** A failure that a port or a step reports on purpose. */
export class OperationFault extends Error {
  override readonly name = 'OperationFault';
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(`${failure.code}: ${failure.message}`, { cause });
    this.failure = failure;
  }
}

export function isFailureCode(code: string): code is FailureCode {
  return code in FAILURE_CLASSES;
}
