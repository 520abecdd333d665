import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NextWork } from '../../activities/lane.ts';
import { newId } from '../../db/new-id.ts';
import type { FailureCode } from '../../domain/failures.ts';
import type { Convergence, OperationKind } from '../../domain/phases.ts';
import { begins, explains, fails, failure, lostOnce, namesOf } from '../_support/acts.ts';
import { openWorkflowStand, type Act, type Ran, type WorkflowStand } from '../_support/workflow-stand.ts';

const DEPLOY = ['begin', 'prepare', 'rollOut', 'watchGate', 'promote'];
const PROVISION = ['begin', 'provisionStack'];

let stand: WorkflowStand;

beforeAll(async () => {
  stand = await openWorkflowStand({
    main: ['takeNext', 'settle', 'convergeServices', 'abandonConvergence', 'explain', 'end', 'goBack', ...DEPLOY],
    stacks: ['removeStack', 'provisionStack'],
  });
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

const operation = (operationKind: OperationKind): Extract<NextWork, { kind: 'run' }> => ({
  ...{ kind: 'run', operationId: newId('op'), operationKind, phase: 'Provisioning' },
  ...{ stage: 'dev', summary: operationKind, remainingMs: 120_000 },
});
const converge = (what: Convergence): NextWork => ({ kind: 'converge', what });
/** A lane that Postgres gives these, one after the other, and then nothing. */
const lane = (works: NextWork[], acts: Record<string, Act> = {}): Promise<Ran> =>
  stand.run('lane', {
    takeNext: (_input, attempt) => works[attempt - 1] ?? { kind: 'idle' },
    begin: begins(),
    explain: explains,
    ...acts,
  });
/** At once, as after ten minutes of tries. */
const gaveUp =
  (code: FailureCode): Act =>
  () => {
    throw ApplicationFailure.create({ type: code, nonRetryable: true, details: [failure(code)] });
  };

describe('a lane', () => {
  it('does one piece of work after the other, as Postgres gives them, and ends when there is none', async () => {
    const ran = await lane([operation('provision'), converge('services'), operation('deploy'), converge('stack')]);
    const between = ['takeNext', 'convergeServices', 'takeNext'];
    expect(namesOf(ran)).toEqual([
      ...['takeNext', ...PROVISION, ...between, ...DEPLOY],
      ...['takeNext', 'removeStack', 'takeNext'],
    ]);
    expect(ran.outcome).toBe('completed');
  });

  it('looks again when it is rung while it works', async () => {
    const ran = await lane([operation('provision')], {
      provisionStack: ({ environmentId }) => stand.ring(environmentId),
    });
    expect(namesOf(ran)).toEqual(['takeNext', ...PROVISION, 'takeNext', 'takeNext']);
  });

  it('settles an operation that has failed, and goes on', async () => {
    const failing = operation('provision');
    const ran = await lane([failing, operation('deploy')], { provisionStack: fails('PortsExhausted') });
    expect(namesOf(ran)).toEqual([
      ...['takeNext', ...PROVISION, 'end', 'settle', 'takeNext'],
      ...[...DEPLOY, 'takeNext'],
    ]);
    const settled = ran.calls.find(({ name }) => name === 'settle');
    expect(settled?.input).toMatchObject({ operationId: failing.operationId });
  });

  it('adopts an operation that somebody else has started: it is settled, and not run twice', async () => {
    const known = operation('deploy');
    const ran = await lane([known, known]);
    expect(namesOf(ran)).toEqual(['takeNext', ...DEPLOY, 'takeNext', 'settle', 'takeNext']);
  });

  it.each([
    ['takeNext', []],
    ['settle', [operation('provision')]],
    ['convergeServices', [converge('services')]],
    ['removeStack', [converge('stack')]],
    ['abandonConvergence', [converge('stack')]],
  ] as const)('goes on when %s has to be done twice', async (step, works) => {
    const acts: Record<string, Act> = {
      ...(step === 'settle' && { provisionStack: fails('PortsExhausted') }),
      ...(step === 'abandonConvergence' && { removeStack: gaveUp('StackFailed') }),
    };
    const ran = await lane([...works], {
      ...acts,
      [step]: lostOnce(step === 'takeNext' ? () => ({ kind: 'idle' }) : undefined),
    });
    const expected = step === 'takeNext' ? ['takeNext', 'takeNext'] : [step, step, 'takeNext'];
    expect(namesOf(ran).slice(-expected.length)).toEqual(expected);
    expect(ran.outcome).toBe('completed');
  });

  it.each([
    ['takeNext', []],
    ['settle', [operation('provision')]],
    ['abandonConvergence', [converge('stack')]],
  ] as const)('ends when %s cannot be done at all: whoever rings next begins a new one', async (step, works) => {
    const ran = await lane([...works], {
      ...(step === 'settle' && { provisionStack: fails('PortsExhausted') }),
      ...(step === 'abandonConvergence' && { removeStack: gaveUp('StackFailed') }),
      [step]: fails('EnvironmentGone'),
    });
    expect(ran.calls.at(-1)?.name).toBe(step);
    expect(ran.outcome).toBe('EnvironmentGone');
  });

  it('comes back to services whose target is away', async () => {
    const ran = await lane([converge('services')], { convergeServices: gaveUp('ComputeUnavailable') });
    expect(namesOf(ran)).toEqual(['takeNext', 'convergeServices', 'takeNext']);
  });

  it.each([
    ['services', 'convergeServices', 'PortsExhausted'],
    ['stack', 'removeStack', 'StackFailed'],
  ] as const)('gives %s up that cannot be brought back, and says why', async (what, step, code) => {
    const ran = await lane([converge(what)], { [step]: gaveUp(code) });
    expect(namesOf(ran)).toEqual(['takeNext', step, 'abandonConvergence', 'takeNext']);
    expect(ran.calls[2]?.input).toMatchObject({ what, reason: `${code} it is.` });
  });
});
