/** Every code that an operation may fail of is provoked by a test, or it is said why none can. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAILURE_CLASSES, type FailureCode } from '../../domain/failures.ts';

type Reached =
  /** The file and a part of the title of the test; the code stands in the test's own lines. */
  readonly [file: string, title: string] | { none: string };

const WHY = 'flow/why-it-failed.test.ts';
const HELD = 'flow/what-held-it.test.ts';

const REACHED: Record<FailureCode, Reached> = {
  EnvironmentNotReady: [HELD, 'being up, it says what held it'],
  EnvironmentGone: ['api/decommission.test.ts', 'ends what still waited for its turn with a code'],
  ImageNotFound: [WHY, 'is named: an image'],
  ConfigurationMissing: ['conformance/compute.ts', 'refuses a configuration file outside'],
  SecretNotFound: [WHY, 'is in no failure, no event'],
  ServiceGone: ['flow/service-restart.test.ts', 'fails with its code when its service was retired'],
  HealthGateUnhealthy: [WHY, 'says what its probe was answered'],
  HealthGateNoData: [WHY, 'says that nobody listens'],
  HealthGateCrashLoop: [WHY, 'says which exit code its workload ends with'],
  PortsExhausted: [WHY, 'is named: ports'],
  StackFailed: [HELD, 'being up, it says what held it'],
  StackLocked: ['stacks/takeover.test.ts', 'is left alone'],
  LeftoversRemain: ['activities/explain.test.ts', 'is named while its decommission waits for it to go'],
  ComputeUnavailable: [HELD, 'being up while a part of the platform is away'],
  DatabaseUnavailable: {
    none: 'No row can end with it: the row is in the database that is away. Temporal shows it while it lasts.',
  },
  ProgressDeadlineExceeded: [HELD, 'being up, it says which component it was at'],
  DeadlineExceeded: ['reconcile/deadlines.test.ts', 'ends an operation that is past its deadline'],
  ApprovalRejected: ['flow/approvals.test.ts', 'ends when it is rejected'],
  ApprovalExpired: ['reconcile/deadlines.test.ts', 'ends what nobody has decided in time'],
  GovernanceDenied: ['activities/judge.test.ts', 'ends Rejected when governance denies it now'],
  OperationTerminated: [HELD, 'says who did, and why'],
  OperationCanceled: ['workflows/operations.test.ts', 'ends its row when an operator cancels it'],
  OperationAborted: [HELD, 'says who did, and why'],
  OperationSuperseded: [HELD, 'says who did, and why'],
  CommandRefused: ['flow/commands.test.ts', 'pauses and resumes by Updates'],
  OperationLost: ['activities/fence.test.ts', 'lets nobody work for an operation that has ended'],
  FenceRefused: ['activities/fence.test.ts', 'stops an attempt that a later one has overtaken'],
  InternalFault: ['activities/explain.test.ts', 'names a defect that was waited out'],
};

/** The lines of the test of this title. */
function linesOf(file: string, title: string): string {
  const text = readFileSync(join(import.meta.dirname, '..', file), 'utf8');
  const tests = text.split(/^(?= *(?:it|test)(?:\.each)?\()/m);
  return tests.filter((test) => test.slice(0, test.indexOf('{')).includes(title)).join('');
}

describe('a code of a failure', () => {
  it.each(Object.keys(FAILURE_CLASSES) as FailureCode[])(
    '%s is reached by a test, or it is said why none can',
    (code) => {
      const reached = REACHED[code];
      if ('none' in reached) expect(reached.none).toMatch(/^[A-Z].{20,}\.$/);
      else expect(linesOf(...reached)).toContain(code);
    },
  );
});
