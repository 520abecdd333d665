/** The failures in words, in the order of `docs/codes.md`, which `npm run codes` writes from here. */
import type { FailureCode } from '../failures.ts';
import type { CodeText } from './text.ts';

export const FAILURE_TEXTS: Record<FailureCode, CodeText> = {
  EnvironmentNotReady: {
    means: "The environment was not ready when the operation's turn came, e.g. because its provision had failed.",
    whatToDo: 'Provision it anew, then deploy.',
  },
  EnvironmentGone: {
    means: "The environment was taken away before the operation's turn came.",
    whatToDo: 'Ask for it in another environment.',
  },
  ImageNotFound: {
    means: 'An image does not resolve; `serviceId` names the component. Nothing was changed.',
    whatToDo: 'Publish the image, or mend the reference.',
  },
  ConfigurationMissing: {
    means: 'The configuration is not there any more, or one of its files would lie outside the configuration folder.',
    whatToDo: 'Publish the configuration anew.',
  },
  SecretNotFound: {
    means: 'A version of a secret is not in the vault.',
    whatToDo: 'Look at the vault of the environment.',
  },
  ServiceGone: {
    means: 'The service to be restarted did not run any more when its turn came.',
    whatToDo: 'Deploy it, if it should run.',
  },
  HealthGateUnhealthy: {
    means:
      'The new revision was not healthy for `minHealthySeconds` within `healthyDeadlineSeconds`; `evidence` is what the probe saw, `lastLogLines` what the workload said.',
    whatToDo: 'Mend the release; or give it more time, if it only starts slowly.',
  },
  HealthGateNoData: {
    means: 'No probe could be made within `healthyDeadlineSeconds`. No data is not health.',
    whatToDo: "Check that the workload listens on `PORT`, and the component's `health`.",
  },
  HealthGateCrashLoop: {
    means: 'A new replica was restarted three times while the gate watched.',
    whatToDo: 'Read `exitCode` or `exitSignal`, and `lastLogLines`; mend the release.',
  },
  PortsExhausted: {
    means: "The environment's port range has no free port left for another service or replica.",
    whatToDo: 'Ask for fewer replicas, or retire a service (`prune`).',
  },
  StackFailed: {
    means:
      "Pulumi could not do what was asked; the message and `lastLogLines` are the engine's, without secrets. It is tried again until the deadline, and is then what the operation was held by.",
    whatToDo: 'Mend what it names.',
  },
  StackLocked: {
    means: 'Another run holds the stack, and it is not proven dead (a run of another host never is).',
    whatToDo: 'End that run, or remove its lock with `pulumi cancel` when you know that it is dead.',
  },
  LeftoversRemain: {
    means:
      'Services, routes, the stack or resources of its are still there after they were taken away; `leftovers` lists them.',
    whatToDo: 'Look at what they are; the next decommission goes on from there.',
  },
  ComputeUnavailable: {
    means: 'Supervisor or proxy cannot be reached.',
    whatToDo: 'Start them; the operation goes on by itself.',
  },
  DatabaseUnavailable: {
    means: 'Postgres cannot be reached.',
    whatToDo: 'Start it; the operation goes on by itself.',
  },
  ProgressDeadlineExceeded: {
    means:
      'The operation had not come to its end within the time for it: `progressDeadlineSeconds`, when it is a deployment.',
    whatToDo: 'Look at `heldBy`, or at the component that it was at; give it more time, or more `maxParallel`.',
  },
  DeadlineExceeded: {
    means:
      'The operation had not ended by its deadline and was ended from outside. When its turn never came its phase is `Expired`.',
    whatToDo: 'Look at `heldBy`: what it stood behind, or waited for; ask again.',
  },
  ApprovalRejected: {
    means: 'Somebody rejected the approval that it waited for; the message is what they said. Nothing was touched.',
    whatToDo: 'Talk to whoever rejected it; ask again for what they would approve.',
  },
  ApprovalExpired: {
    means: 'Nobody had decided on the approval that it waited for by the time it expired. Nothing was touched.',
    whatToDo: 'Ask again, and see to it that somebody decides.',
  },
  GovernanceDenied: {
    means: 'What is live had changed before its turn came, and governance denies it over that. Nothing was touched.',
    whatToDo: 'Change what is asked for, or the policy, and ask again.',
  },
  OperationTerminated: {
    means:
      'Somebody terminated its workflow; the message is the reason they gave. The environment is brought back to its live snapshot.',
    whatToDo: 'Ask again when you want it.',
  },
  OperationCanceled: {
    means:
      'Somebody canceled its workflow; or an expiry waited for an approval when the time of the environment was moved.',
    whatToDo: 'Ask again when you want it.',
  },
  OperationAborted: {
    means: 'Somebody gave the deployment up. What it had touched went back to what ran before.',
    whatToDo: 'Nothing; the message says who, and the reason if one was given.',
  },
  OperationSuperseded: {
    means: 'A later deployment took its place (`onConflict: supersede`). What it had touched went back first.',
    whatToDo: 'Nothing; the message names the one that took its place.',
  },
  CommandRefused: {
    means: 'A command that was given at the Temporal UI or CLI does not fit what the operation is doing.',
    whatToDo: 'Read its phase and what it waits for, then give the command that fits.',
  },
  OperationLost: {
    means: 'This attempt no longer speaks for the operation: it has ended, or somebody else goes on with it.',
    whatToDo: "Nothing; read the operation's row.",
  },
  FenceRefused: {
    means:
      'A later attempt has taken over, and this one was kept from changing anything. It is tried again, and goes on when the later one was given up.',
    whatToDo: "Nothing; read the operation's row.",
  },
  InternalFault: {
    means:
      'A defect of the platform, or an answer it did not expect. It is tried again until the deadline, since a newer worker may mend it.',
    whatToDo: "Look for the operation's id in the worker's log, and report it.",
  },
};
