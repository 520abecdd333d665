/**
 * What can be wrong with a call. The code is stable and documented; the kind decides the status on each transport
 * (`api/problem.ts`, `api/grpc/status.ts`). Only `publicMessage` and `pointers` leave the process.
 */
export const ERROR_KINDS = {
  BodyTooLarge: 'tooLarge',
  MalformedRequest: 'invalid',
  MalformedJson: 'invalid',
  ValidationFailed: 'invalid',
  UnsupportedMediaType: 'unsupportedMediaType',
  PreconditionNotSupported: 'invalid',
  DuplicateComponent: 'invalid',
  TargetNotInEnvironment: 'invalid',
  RegistryNotAllowed: 'invalid',
  DependencyCycle: 'invalid',
  DependencyUnknown: 'invalid',
  NothingToRollBackTo: 'conflict',
  TokenMissing: 'unauthenticated',
  TokenInvalid: 'unauthenticated',
  TokenExpired: 'unauthenticated',
  TenantClaimInvalid: 'forbidden',
  TenantMismatch: 'forbidden',
  ScopeMissing: 'forbidden',
  BindingRevoked: 'forbidden',
  GovernanceDenied: 'forbidden',
  GovernanceApprovalRequired: 'forbidden',
  ApprovalByRequester: 'forbidden',
  RouteNotFound: 'notFound',
  EnvironmentNotFound: 'notFound',
  DeploymentNotFound: 'notFound',
  ConfigurationNotFound: 'notFound',
  OperationNotFound: 'notFound',
  ServiceNotFound: 'notFound',
  ScalingPolicyNotFound: 'notFound',
  SecretNotFound: 'notFound',
  SecretBindingNotFound: 'notFound',
  ApprovalNotFound: 'notFound',
  TenantBindingNotFound: 'notFound',
  MethodNotAllowed: 'methodNotAllowed',
  EnvironmentExists: 'conflict',
  EnvironmentNotReady: 'conflict',
  EnvironmentDecommissioned: 'conflict',
  ServiceAmbiguous: 'conflict',
  DeploymentNotFinished: 'conflict',
  CommandRefused: 'conflict',
  OperationInProgress: 'conflict',
  ApprovalNotPending: 'conflict',
  DeploymentNotCompleted: 'conflict',
  NothingToPromote: 'conflict',
  TargetInUse: 'conflict',
  PreconditionFailed: 'preconditionFailed',
  QuotaExceeded: 'conflict',
  ObservationOutdated: 'conflict',
  IdempotencyKeyReused: 'unprocessable',
  RateLimited: 'tooMany',
  TooManyStreams: 'tooMany',
  GovernanceUnavailable: 'unavailable',
  IssuerUnavailable: 'unavailable',
  DatabaseUnavailable: 'unavailable',
  ComputeUnavailable: 'unavailable',
  ShuttingDown: 'unavailable',
  InternalError: 'internal',
} as const;

export type ErrorCode = keyof typeof ERROR_KINDS;
export type ErrorKind = (typeof ERROR_KINDS)[ErrorCode];

/** One thing wrong at one place of the input. */
export interface FieldProblem {
  /** JSON pointer (RFC 6901) into the body, or `?name` for a query parameter, or `{name}` for a path parameter. */
  pointer: string;
  message: string;
}

export interface PlatformErrorOptions {
  /** What is wrong where, for validation. */
  pointers?: FieldProblem[];
  /** Extra members of the problem document, e.g. the id of the environment that already exists. */
  details?: Record<string, unknown>;
  /** What an operator may read in the log; never sent. */
  cause?: unknown;
  retryAfterSeconds?: number;
}

/** Every refusal of the platform. `message` is for the log; `publicMessage` is what the caller reads. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly kind: ErrorKind;
  readonly pointers: FieldProblem[];
  readonly details: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;
  readonly code: ErrorCode;
  readonly publicMessage: string;

  constructor(code: ErrorCode, publicMessage: string, options: PlatformErrorOptions = {}) {
    super(`${code}: ${publicMessage}`, { cause: options.cause });
    this.code = code;
    this.publicMessage = publicMessage;
    this.kind = ERROR_KINDS[code];
    this.pointers = options.pointers ?? [];
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
