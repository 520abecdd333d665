/** The refusals in words, in the order of `docs/codes.md`, which `npm run codes` writes from here. */
import type { ErrorCode } from '../errors.ts';
import type { CodeText } from './text.ts';

export const REFUSAL_TEXTS: Record<ErrorCode, CodeText> = {
  BodyTooLarge: {
    means: 'The body is larger than 1024 kB.',
    whatToDo: 'Send less; a configuration may hold 64 kB.',
  },
  MalformedRequest: {
    means:
      'What arrived is not HTTP as it should be (the same code comes with 408 and 431 when headers were late or too large).',
    whatToDo: 'Look at what stands between the caller and the API.',
  },
  MalformedJson: {
    means:
      'The body is not JSON, not UTF-8, nested too deep, has a key twice, or too many members; the sentence names the position.',
    whatToDo: 'Mend the body at that place.',
  },
  ValidationFailed: {
    means: 'The input does not fit its shape; `errors` points at each wrong place.',
    whatToDo: 'Mend what the pointers name; unknown fields are wrong too.',
  },
  UnsupportedMediaType: {
    means: 'The body is not `application/json` in UTF-8, or it is compressed.',
    whatToDo: 'Send it plain with `content-type: application/json`.',
  },
  PreconditionNotSupported: {
    means: '`If-Match` came with a call that changes nothing which has an `ETag`; nothing was done.',
    whatToDo: 'Leave `If-Match` out; the document says which calls take it.',
  },
  DuplicateComponent: {
    means: 'A deployment names a component twice.',
    whatToDo: 'Name each `moduleId` once.',
  },
  TargetNotInEnvironment: {
    means: 'A component wants a compute target that the environment does not have.',
    whatToDo: 'Use one of the targets in the sentence.',
  },
  RegistryNotAllowed: {
    means: 'An image comes from a registry that this platform takes none from; `errors` points at each.',
    whatToDo: 'Push it to one of the registries in the sentence, or ask the operator to add the other.',
  },
  DependencyCycle: {
    means: 'Components depend on each other in a circle.',
    whatToDo: 'Take one `dependsOn` out of the circle.',
  },
  DependencyUnknown: {
    means: 'A component depends on a service that would not run after this deployment.',
    whatToDo: 'Name the service in this deployment, or drop the dependency.',
  },
  NothingToRollBackTo: {
    means: 'The deployment was the first of its environment: nothing ran before it.',
    whatToDo: 'Deploy something else instead.',
  },
  TokenMissing: {
    means: 'The call carries no bearer token.',
    whatToDo: 'Send `Authorization: Bearer …`.',
  },
  TokenInvalid: {
    means:
      'The token is malformed, from another issuer or audience, no access token, of an unknown key, in the query, or cannot be decrypted here.',
    whatToDo: 'Get a token from the configured issuer for the configured audience.',
  },
  TokenExpired: {
    means: 'The token has expired (30 s of tolerance included).',
    whatToDo: 'Get a new one.',
  },
  TenantClaimInvalid: {
    means: "The token's `tenantId` claim is missing or malformed.",
    whatToDo: 'Have the issuer put the tenant into the token.',
  },
  TenantMismatch: {
    means: 'The body or message states another tenant than the token.',
    whatToDo: "Leave `tenantId` out, or use that tenant's token.",
  },
  ScopeMissing: {
    means: 'The token lacks the scope that `requiredScope` names.',
    whatToDo: 'Ask the issuer for a token with that scope.',
  },
  BindingRevoked: {
    means: "The tenant's binding to this environment was revoked.",
    whatToDo: 'Ask the operator of the platform.',
  },
  GovernanceDenied: {
    means: 'A policy denies this change; `reasons` names the policies.',
    whatToDo: 'Change what is asked for, or the policy.',
  },
  GovernanceApprovalRequired: {
    means:
      'A policy wants this change approved. It takes effect at once, so it is not kept; `approvalId` is asked for.',
    whatToDo: 'Have somebody else approve it, then make the same call again before the approval expires.',
  },
  ApprovalByRequester: {
    means:
      'Who asked for a change wants to decide about it: the same subject, or the client it came through by itself.',
    whatToDo: 'Have somebody else decide.',
  },
  RouteNotFound: {
    means: 'There is nothing at this path.',
    whatToDo: 'Compare the path with the table in the README.',
  },
  EnvironmentNotFound: {
    means: "There is no such environment for this tenant; another tenant's answers the same.",
    whatToDo: 'Check the id and the tenant of the token.',
  },
  DeploymentNotFound: {
    means: 'There is no such deployment for this tenant.',
    whatToDo: 'Check the id and the tenant of the token.',
  },
  ConfigurationNotFound: {
    means:
      "There is no such configuration for this tenant, or it belongs to another environment than the deployment's.",
    whatToDo: 'Publish it in this environment first.',
  },
  OperationNotFound: {
    means: 'There is no such operation for this tenant.',
    whatToDo: 'Check the id and the tenant of the token.',
  },
  ServiceNotFound: {
    means: 'No environment of this tenant runs this service, or not the one that was named.',
    whatToDo: "Check the service's id and `environmentId`.",
  },
  ScalingPolicyNotFound: {
    means: 'There is no such scaling policy for this tenant.',
    whatToDo: 'Check the id and the tenant of the token; going back may have taken it away.',
  },
  SecretNotFound: {
    means:
      "The environment's vault has no such secret or version, is not made yet, or another vault was named; all answer alike.",
    whatToDo: "Put the secret into the environment's vault first.",
  },
  SecretBindingNotFound: {
    means: 'There is no such secret binding for this tenant.',
    whatToDo: 'Check the id and the tenant of the token.',
  },
  ApprovalNotFound: {
    means: 'There is no such approval for this tenant.',
    whatToDo: 'Check the id and the tenant of the token.',
  },
  TenantBindingNotFound: {
    means: 'There is no such binding of this tenant.',
    whatToDo: 'Check the id and the tenant of the token.',
  },
  MethodNotAllowed: {
    means: 'The path answers other methods; `Allow` lists them.',
    whatToDo: 'Use one of those.',
  },
  EnvironmentExists: {
    means: 'An environment of this tenant has this name; `environmentId` is its id.',
    whatToDo: 'Use that one or another name; a repeat of a call wants an `Idempotency-Key`.',
  },
  EnvironmentNotReady: {
    means: 'The environment has failed or is being taken away, and takes no deployments.',
    whatToDo: 'Provision another one.',
  },
  EnvironmentDecommissioned: {
    means: 'The environment was taken away before.',
    whatToDo: 'Nothing; what it was can still be read.',
  },
  ServiceAmbiguous: {
    means: 'Several environments run this service; `environmentIds` lists them.',
    whatToDo: 'Add `environmentId` to the query.',
  },
  DeploymentNotFinished: {
    means: 'Only a completed deployment can be rolled back; this one is in the phase that the sentence names.',
    whatToDo: 'Wait for its end; one that failed behind its gate goes back by itself.',
  },
  CommandRefused: {
    means: 'The command does not fit what the deployment is doing; the answer shows its status, and what it waits for.',
    whatToDo: 'Give the command that fits, if there is one.',
  },
  OperationInProgress: {
    means: 'Another operation is on its way in the environment, and this one was not to wait (`onConflict: reject`).',
    whatToDo: 'Ask again when the one that `operationId` names has ended, or queue behind it.',
  },
  ApprovalNotPending: {
    means: 'The approval was decided, has expired, or is not asked for any more; `approvalStatus` says which.',
    whatToDo: 'Read the approval and what became of its operation.',
  },
  DeploymentNotCompleted: {
    means: 'Only a completed deployment is promoted; this one is in the phase that the sentence names.',
    whatToDo: 'Promote one that completed.',
  },
  NothingToPromote: {
    means: 'Nothing ran in its environment after the deployment that was to be promoted.',
    whatToDo: 'Promote another one.',
  },
  TargetInUse: {
    means: 'A compute target that was to be taken from the environment is in use; `serviceIds` lists by whom.',
    whatToDo: 'Move or retire those services first.',
  },
  PreconditionFailed: {
    means: '`If-Match` names another state than the one that is there now: somebody has changed it meanwhile.',
    whatToDo: 'Read it again, and decide anew.',
  },
  ObservationOutdated: {
    means: 'What was seen of a service is of another revision than the live one, or older than what is on record.',
    whatToDo: 'Look again.',
  },
  QuotaExceeded: {
    means:
      'The tenant would have more than it may; `quota` says of what (`environments`, or of one environment `services`, `replicas`, `operations`), `limit`, `used` and `wanted` how much.',
    whatToDo: 'Take something away, wait for operations to end, or ask the operator of the platform for more.',
  },
  IdempotencyKeyReused: {
    means: 'This `Idempotency-Key` was used with another input.',
    whatToDo: 'Use a new key for a new request.',
  },
  RateLimited: {
    means: 'The tenant, or the client that calls for it (`limited` says which), calls more often than it may.',
    whatToDo: 'Try again after `Retry-After`, and call less often from then on.',
  },
  TooManyStreams: {
    means: 'The tenant has as many streams open at this API process as it may.',
    whatToDo: 'Close one; several readers of one thing can share a stream.',
  },
  GovernanceUnavailable: {
    means: 'Governance gave no clean decision about this plan in time, and without one a production change is refused.',
    whatToDo: "Try again after `Retry-After`; look at the decider and the API's log.",
  },
  IssuerUnavailable: {
    means: "The token's issuer gives no keys now, and none were read from it within the last hour.",
    whatToDo: 'Try again after `Retry-After`; look at the issuer.',
  },
  DatabaseUnavailable: {
    means: 'Postgres cannot be reached.',
    whatToDo: 'Try again after `Retry-After`; look at Postgres.',
  },
  ComputeUnavailable: {
    means: 'The compute target cannot be reached (asked for logs).',
    whatToDo: 'Try again after `Retry-After`; look at the supervisor.',
  },
  ShuttingDown: {
    means: 'This API process stops; what a stream would have sent next is sent by another one.',
    whatToDo: 'Open the stream again.',
  },
  InternalError: {
    means: 'A defect of the platform.',
    whatToDo: "Look for the `traceId` in the API's log, and report it.",
  },
};
