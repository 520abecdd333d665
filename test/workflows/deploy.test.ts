import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Begun } from '../../activities/operation.ts';
import type { Failure } from '../../domain/failures.ts';
import {
  begins,
  endsOf,
  explains,
  fails,
  failure,
  lostOnce,
  namesOf,
  soon,
  untilCancelled,
  untilTold,
} from '../_support/acts.ts';
import { openWorkflowStand, type Act, type Ran, type WorkflowStand } from '../_support/workflow-stand.ts';

const FORWARD = ['prepare', 'rollOut', 'watchGate', 'promote'] as const;

let stand: WorkflowStand;

beforeAll(async () => {
  stand = await openWorkflowStand({ main: ['begin', 'end', ...FORWARD, 'explain', 'goBack'] });
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

const deploy = (acts: Record<string, Act>, begun?: Partial<Begun>): Promise<Ran> =>
  stand.run('deploy', { begin: begins(begun), explain: explains, ...acts });

describe('a deployment', () => {
  it('goes through every step once', async () => {
    const ran = await deploy({});
    expect(ran.outcome).toBe('completed');
    expect(namesOf(ran)).toEqual(['begin', ...FORWARD]);
  });

  it('is found by every phase it comes to', async () => {
    const shown: Record<string, unknown> = {};
    const look =
      (step: string): Act =>
      async ({ environmentId }) => {
        shown[step] = await stand.shownPhase(environmentId);
      };
    const ran = await deploy(Object.fromEntries(FORWARD.map((step) => [step, look(step)])));
    const ended = await stand.shownPhase(ran.calls[0]?.input.environmentId ?? '');
    expect([...FORWARD.slice(1).map((step) => shown[step]), ended]).toEqual([
      ...['RollingOut', 'HealthGating', 'Promoting', 'Completed'],
    ]);
  });

  it.each(['begin', ...FORWARD])('comes to the same end when %s has to be done twice', async (step) => {
    const ran = await deploy({ [step]: lostOnce(step === 'begin' ? begins() : undefined) });
    expect(ran.outcome).toBe('completed');
    expect(namesOf(ran)).toEqual(['begin', ...FORWARD].flatMap((name) => (name === step ? [name, name] : [name])));
  });

  it.each(FORWARD)('has everything it may have touched back when %s fails, and nothing else', async (step) => {
    const ran = await deploy({ [step]: fails('HealthGateUnhealthy') });
    const done = FORWARD.slice(0, FORWARD.indexOf(step) + 1);
    const undone = step === 'prepare' ? [] : ['goBack'];
    expect(namesOf(ran)).toEqual(['begin', ...done, 'explain', ...undone, 'end']);
    const phase = step === 'prepare' ? 'Failed' : 'RolledBack';
    expect(endsOf(ran)).toEqual([{ phase, code: 'HealthGateUnhealthy' }]);
    expect(ran.outcome).toBe('HealthGateUnhealthy');
  });

  const BACK = FORWARD.slice(1).flatMap((failed) =>
    (['goBack', 'end'] as const).map((step) => [failed, step] as const),
  );
  it.each(BACK)('is back from %s all the same when %s has to be done twice', async (failed, step) => {
    const ran = await deploy({ [failed]: fails('HealthGateNoData'), [step]: lostOnce() });
    const ending = step === 'goBack' ? ['goBack', 'goBack', 'end'] : ['goBack', 'end', 'end'];
    expect(namesOf(ran).slice(-3)).toEqual(ending);
    expect(endsOf(ran).at(-1)).toEqual({ phase: 'RolledBack', code: 'HealthGateNoData' });
    expect(ran.outcome).toBe('HealthGateNoData');
  });

  it('ends its row once more when that had to be done twice and nothing was touched', async () => {
    const ran = await deploy({ prepare: fails('ImageNotFound'), end: lostOnce() });
    expect(namesOf(ran)).toEqual(['begin', 'prepare', 'explain', 'end', 'end']);
    expect(ran.outcome).toBe('ImageNotFound');
  });

  it('does nothing when its row is in other hands from the begin', async () => {
    const ran = await deploy({ begin: fails('OperationLost') });
    expect(namesOf(ran)).toEqual(['begin']);
    expect(ran.outcome).toBe('OperationLost');
  });

  it.each(['prepare', 'rollOut'])('fails when others have ended its row after %s failed', async (step) => {
    const ran = await deploy({ [step]: fails('PortsExhausted'), end: fails('OperationLost') });
    expect(ran.calls.at(-1)?.name).toBe('end');
    expect(ran.outcome).toBe('OperationLost');
  });

  it('says both reasons when going back fails too, and has the environment converged', async () => {
    const ran = await deploy({ rollOut: fails('PortsExhausted'), goBack: fails('HealthGateCrashLoop') });
    const [ended] = endsOf(ran);
    expect(ended).toMatchObject({ phase: 'RollbackFailed', code: 'PortsExhausted' });
    expect(ended?.convergeReason).toContain('could not go back');
    const told = ran.calls.at(-1)?.input.failure as Failure;
    expect(told.message).toContain('PortsExhausted it is. Going back failed too: HealthGateCrashLoop it is.');
  });

  it('is left as it stands when it was asked for so', async () => {
    const ran = await deploy({ rollOut: fails('HealthGateUnhealthy') }, { autoRollback: false });
    expect(namesOf(ran)).toEqual(['begin', 'prepare', 'rollOut', 'explain', 'end']);
    expect(endsOf(ran)).toEqual([{ phase: 'Failed', code: 'HealthGateUnhealthy' }]);
  });

  it('ends with all that a look at it could tell, or with what is known when nobody can look', async () => {
    const told = { ...failure('HealthGateUnhealthy'), exitCode: 3 };
    const seen = await deploy({ rollOut: fails('HealthGateUnhealthy'), explain: () => told });
    expect(seen.calls.at(-1)).toMatchObject({ name: 'end', input: { failure: told } });
    const unseen = await deploy({ rollOut: fails('HealthGateUnhealthy'), explain: fails('ComputeUnavailable') });
    expect(unseen.calls.at(-1)?.input.failure).toEqual(failure('HealthGateUnhealthy'));
    expect(endsOf(unseen)).toEqual([{ phase: 'RolledBack', code: 'HealthGateUnhealthy' }]);
  });

  it('fails for operators to see of what its row says in the end', async () => {
    const ended = { ...failure('DeadlineExceeded'), heldBy: 'StackFailed' };
    const ran = await deploy({ rollOut: fails('HealthGateUnhealthy'), end: () => ended });
    expect(ran.outcome).toBe('DeadlineExceeded');
  });

  it.each([...FORWARD, 'goBack'])('undoes nothing once %s finds the operation in other hands', async (step) => {
    const ran = await deploy({
      ...(step === 'goBack' && { promote: fails('PortsExhausted') }),
      [step]: fails('OperationLost'),
    });
    expect(ran.calls.at(-1)?.name).toBe(step);
    expect(ran.outcome).toBe('OperationLost');
  });

  it.each([
    ['RollingOut', ['rollOut', 'watchGate', 'promote']],
    ['HealthGating', ['watchGate', 'promote']],
    ['Promoting', ['promote']],
  ] as const)('that was lost in %s begins there', async (phase, steps) => {
    const ran = await deploy({}, { phase });
    expect(namesOf(ran)).toEqual(['begin', ...steps]);
  });

  it('that was lost while it went back goes on going back, for the same reason', async () => {
    const ran = await deploy({}, { phase: 'RollingBack', failure: failure('HealthGateUnhealthy') });
    expect(namesOf(ran)).toEqual(['begin', 'goBack', 'end']);
    expect(endsOf(ran)).toEqual([{ phase: 'RolledBack', code: 'HealthGateUnhealthy' }]);
  });
});

describe('the time of a deployment', () => {
  it.each(['rollOut', 'watchGate'])('being up, it goes back from %s, which is told to stop', async (step) => {
    const ran = await deploy({ [step]: untilCancelled }, soon());
    expect(namesOf(ran).slice(-4)).toEqual([step, 'explain', 'goBack', 'end']);
    expect(endsOf(ran)).toEqual([{ phase: 'RolledBack', code: 'ProgressDeadlineExceeded' }]);
  });

  it.each(['rollOut', 'watchGate'])('being up, it goes back though %s comes to its end all the same', async (step) => {
    const ran = await deploy({ [step]: untilTold }, soon());
    expect(namesOf(ran).slice(-4)).toEqual([step, 'explain', 'goBack', 'end']);
  });

  it('being up, it has ended well when its promotion has: nothing is undone', async () => {
    const ran = await deploy({ promote: untilTold }, soon());
    expect(namesOf(ran)).toEqual(['begin', ...FORWARD]);
    expect(ran.outcome).toBe('completed');
  });
});
