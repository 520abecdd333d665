import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Begun } from '../../activities/operation.ts';
import { begins, endsOf, explains, fails, namesOf, soon } from '../_support/acts.ts';
import { until } from '../_support/until.ts';
import { openWorkflowStand, type Act, type Ran, type WorkflowStand } from '../_support/workflow-stand.ts';

const STOPPING = ['rollOut', 'watchGate', 'promote'] as const;
const FORWARD = ['prepare', ...STOPPING] as const;

let stand: WorkflowStand;

beforeAll(async () => {
  stand = await openWorkflowStand({ main: ['begin', 'end', 'hearCommand', ...FORWARD, 'explain', 'goBack'] });
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

const deploy = (acts: Record<string, Act>, begun?: Partial<Begun>): Promise<Ran> =>
  stand.run('deploy', {
    ...{ begin: begins(begun), hearCommand: () => ({ phase: 'RollingOut', wanted: 'run' }), explain: explains },
    ...acts,
  });
const steps = (ran: Ran) => namesOf(ran).filter((name) => name !== 'hearCommand');

/** Stops the first time, and has `then` happen once the workflow knows of it. */
const stopsOnce =
  (then: (environmentId: string) => Promise<unknown>): Act =>
  ({ environmentId }, attempt) => {
    if (attempt > 1) return undefined;
    void then(environmentId);
    return { waitsFor: 'resume' };
  };

describe('a phase of a deployment that stops', () => {
  it.each(STOPPING)('goes on from there when a command comes, once for each: %s', async (phase) => {
    const ran = await deploy({ [phase]: stopsOnce((id) => stand.command(id, 'resume')) });
    expect(ran.outcome).toBe('completed');
    expect(steps(ran)).toEqual(['begin', ...FORWARD].flatMap((name) => (name === phase ? [name, name] : [name])));
  });

  it('goes on, too, when the command was heard before the phase had stopped', async () => {
    const ran = await deploy({
      rollOut: async ({ environmentId }, attempt) => {
        if (attempt > 1) return undefined;
        await stand.command(environmentId, 'resume', { commandId: 'req-1' });
        return { waitsFor: 'resume' };
      },
    });
    expect(ran.outcome).toBe('completed');
    expect(steps(ran).filter((name) => name === 'rollOut')).toHaveLength(2);
  });

  it('goes back when its time is up while it waits', async () => {
    const ran = await deploy({ rollOut: () => ({ waitsFor: 'promote' }) }, soon());
    expect(steps(ran).slice(-2)).toEqual(['goBack', 'end']);
    expect(endsOf(ran)).toEqual([{ phase: 'RolledBack', code: 'ProgressDeadlineExceeded' }]);
  });
});

describe('a deployment that is given up', () => {
  /** What its row says when the workflow asks again. */
  const found = (phase: Begun['phase'], more: Partial<Begun> = {}): Act => {
    return (input, attempt) => begins(attempt === 1 ? more : { phase, ...more })(input, attempt);
  };

  it.each([
    ['OperationAborted', 'Canceled'],
    ['OperationSuperseded', 'Superseded'],
  ] as const)('for %s ends %s when nothing was touched, and goes back otherwise', async (code, phase) => {
    const before = await deploy({ rollOut: fails(code), begin: found('Configuring') });
    expect(steps(before)).toEqual(['begin', 'prepare', 'rollOut', 'explain', 'begin', 'end']);
    expect(endsOf(before)).toEqual([{ phase, code }]);
    const after = await deploy({ rollOut: fails(code), begin: found('RollingOut') });
    expect(steps(after).slice(-2)).toEqual(['goBack', 'end']);
    expect(endsOf(after)).toEqual([{ phase: 'RolledBack', code }]);
  });

  it.each(FORWARD)('in %s comes to the same end when that is done twice', async (step) => {
    const at = step === 'prepare' ? 'Provisioning' : 'RollingOut';
    const twice: Act = (input, attempt) => {
      if (attempt === 1) throw new Error('lost');
      return fails('OperationAborted')(input, attempt);
    };
    const ran = await deploy({ [step]: twice, begin: found(at) });
    expect(endsOf(ran)).toEqual([{ phase: step === 'prepare' ? 'Canceled' : 'RolledBack', code: 'OperationAborted' }]);
  });

  it('goes back although its failures were to be left as they stand', async () => {
    const ran = await deploy({
      rollOut: fails('OperationAborted'),
      begin: found('RollingOut', { autoRollback: false }),
    });
    expect(steps(ran).slice(-2)).toEqual(['goBack', 'end']);
  });
});

describe('a command that an operator gives', () => {
  it('is refused by the workflow while it goes back, and nobody is asked', async () => {
    const refusals: unknown[] = [];
    const ran = await deploy({
      rollOut: fails('HealthGateUnhealthy'),
      goBack: async ({ environmentId }) => {
        await stand.command(environmentId, 'pause').catch((error: unknown) => refusals.push(error));
      },
    });
    await until(() => refusals.length > 0, { what: 'the refusal' });
    expect(refusals).toMatchObject([{ cause: { type: 'CommandRefused', message: 'It is going back.' } }]);
    expect(namesOf(ran)).not.toContain('hearCommand');
  });

  it('is known by its Update, and takes nothing else from what it was sent', async () => {
    const ran = await deploy({
      rollOut: async ({ environmentId }) => {
        await stand.command(environmentId, 'pause', { reason: 'why not', operationId: 'op-other' }, 'the-update');
      },
    });
    const { environmentId, operationId } = ran.calls[0]?.input ?? {};
    const heard = ran.calls.filter(({ name }) => name === 'hearCommand').map(({ input }) => input);
    expect(heard).toEqual([
      {
        ...{ tenantId: 'connectsoft', environmentId, operationId },
        ...{ command: 'pause', reason: 'why not', updateId: 'the-update' },
      },
    ]);
  });

  it('is refused by what the row says, by its own code', async () => {
    const refusals: unknown[] = [];
    const ran = await deploy({
      hearCommand: fails('CommandRefused'),
      rollOut: async ({ environmentId }) => {
        await stand.command(environmentId, 'promote').catch((error: unknown) => refusals.push(error));
      },
    });
    expect(refusals).toMatchObject([{ cause: { type: 'CommandRefused' } }]);
    expect(ran.outcome).toBe('completed');
  });
});
