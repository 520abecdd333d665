import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Begun } from '../../activities/operation.ts';
import {
  begins,
  endsOf,
  fails,
  failure,
  lostOnce,
  namesOf,
  soon,
  untilCancelled,
  untilTold,
} from '../_support/acts.ts';
import { openWorkflowStand, type Act, type Ran, type WorkflowStand } from '../_support/workflow-stand.ts';

/** Those without a way back: what each does in order, and how it ends what it could not do. */
const WORKFLOWS = {
  provision: { steps: ['provisionStack'], ending: 'end', late: 'The environment was not provisioned in time.' },
  decommission: {
    steps: ['retireServices', 'decommissionStack'],
    ...{ ending: 'endBlocked', late: 'The environment was not taken away in time.' },
  },
  driftScan: { steps: ['scanForDrift'], ending: 'end', late: 'The scan was not through in time.' },
} as const;
type Workflow = keyof typeof WORKFLOWS;

const WORKFLOW_NAMES = Object.keys(WORKFLOWS) as Workflow[];
const STEPS = WORKFLOW_NAMES.flatMap((workflow) => WORKFLOWS[workflow].steps.map((step) => [workflow, step] as const));
const LAST_STEPS = WORKFLOW_NAMES.map((workflow) => [workflow, WORKFLOWS[workflow].steps.at(-1) ?? ''] as const);

let stand: WorkflowStand;

beforeAll(async () => {
  stand = await openWorkflowStand({
    main: ['begin', 'end', 'retireServices'],
    stacks: ['provisionStack', 'decommissionStack', 'endBlocked', 'scanForDrift'],
  });
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

const blocked: Act = ({ failure: why }) => why;
const run = (workflow: Workflow, acts: Record<string, Act>, begun?: Partial<Begun>): Promise<Ran> =>
  stand.run(workflow, { begin: begins(begun), endBlocked: blocked, ...acts });

describe('an operation without a way back', () => {
  it.each(WORKFLOW_NAMES)('of %s goes through every step once', async (workflow) => {
    const ran = await run(workflow, {});
    expect(ran.outcome).toBe('completed');
    expect(namesOf(ran)).toEqual(['begin', ...WORKFLOWS[workflow].steps]);
  });

  it.each(WORKFLOW_NAMES)('of %s begins once more when that had to be done twice', async (workflow) => {
    const ran = await run(workflow, { begin: lostOnce(begins()) });
    expect(namesOf(ran)).toEqual(['begin', 'begin', ...WORKFLOWS[workflow].steps]);
    expect(ran.outcome).toBe('completed');
  });

  it.each(WORKFLOW_NAMES)('of %s does nothing when its row is in other hands from the begin', async (workflow) => {
    const ran = await run(workflow, { begin: fails('OperationLost') });
    expect(namesOf(ran)).toEqual(['begin']);
    expect(ran.outcome).toBe('OperationLost');
  });

  it.each(WORKFLOW_NAMES)('of %s fails when others have ended its row before it could', async (workflow) => {
    const { steps } = WORKFLOWS[workflow];
    const lost = { end: fails('OperationLost'), endBlocked: fails('OperationLost') };
    const ran = await run(workflow, { [steps[0]]: fails('PortsExhausted'), ...lost });
    expect(ran.calls.at(-1)?.name).toBe('end');
    expect(ran.outcome).toBe('OperationLost');
  });

  it('of decommission ends its row once more when that had to be done twice without the list', async () => {
    const acts = { retireServices: fails('PortsExhausted'), endBlocked: fails('EnvironmentGone'), end: lostOnce() };
    const ran = await run('decommission', acts);
    expect(endsOf(ran)).toHaveLength(2);
    expect(ran.outcome).toBe('PortsExhausted');
  });

  it.each(WORKFLOW_NAMES)('of %s is found by how it has ended', async (workflow) => {
    const endedAs = async (acts: Record<string, Act>) => {
      const [begun] = (await run(workflow, acts)).calls;
      return await stand.shownPhase(begun?.input.environmentId ?? '');
    };
    expect(await endedAs({})).toBe('Completed');
    expect(await endedAs({ [WORKFLOWS[workflow].steps[0]]: fails('PortsExhausted') })).toBe('Failed');
  });

  it.each(STEPS)('of %s comes to the same end when %s has to be done twice', async (workflow, step) => {
    const ran = await run(workflow, { [step]: lostOnce() });
    expect(ran.outcome).toBe('completed');
    const twice = WORKFLOWS[workflow].steps.flatMap((name) => (name === step ? [name, name] : [name]));
    expect(namesOf(ran)).toEqual(['begin', ...twice]);
  });

  it.each(STEPS)('of %s ends with the reason when %s fails', async (workflow, step) => {
    const { steps, ending } = WORKFLOWS[workflow];
    const ran = await run(workflow, { [step]: fails('PortsExhausted') });
    expect(ran.outcome).toBe('PortsExhausted');
    const done = (steps as readonly string[]).slice(0, (steps as readonly string[]).indexOf(step) + 1);
    expect(namesOf(ran)).toEqual(['begin', ...done, ending]);
    expect(ran.calls.at(-1)?.input.failure).toEqual(failure('PortsExhausted'));
  });

  it.each(WORKFLOW_NAMES)('of %s ends its row once more when that had to be done twice', async (workflow) => {
    const { steps, ending } = WORKFLOWS[workflow];
    const ran = await run(workflow, { [steps[0]]: fails('PortsExhausted'), [ending]: lostOnce(blocked) });
    expect(namesOf(ran)).toEqual(['begin', steps[0], ending, ending]);
    expect(ran.outcome).toBe('PortsExhausted');
  });

  it.each(STEPS)('of %s leaves the row alone once %s finds it in other hands', async (workflow, step) => {
    const ran = await run(workflow, { [step]: fails('OperationLost') });
    expect(ran.calls.at(-1)?.name).toBe(step);
    expect(ran.outcome).toBe('OperationLost');
  });

  it.each(STEPS)('of %s ends when its time is up in %s', async (workflow, step) => {
    const ran = await run(workflow, { [step]: untilCancelled }, soon());
    expect(ran.outcome).toBe('ProgressDeadlineExceeded');
    const { ending: name, late: message } = WORKFLOWS[workflow];
    expect(ran.calls.at(-1)).toMatchObject({ name, input: { failure: { message } } });
  });

  it.each(LAST_STEPS)('of %s has ended well when %s has, its time being up or not', async (workflow, step) => {
    const ran = await run(workflow, { [step]: untilTold }, soon());
    expect(ran.outcome).toBe('completed');
    expect(namesOf(ran)).toEqual(['begin', ...WORKFLOWS[workflow].steps]);
  });

  it.each(STEPS)('of %s ends its row when an operator cancels it in %s', async (workflow, step) => {
    const ran = await run(workflow, {
      [step]: async ({ environmentId }) => {
        await stand.cancel(environmentId);
        await untilCancelled();
      },
    });
    expect(ran.calls.at(-1)).toMatchObject({
      name: WORKFLOWS[workflow].ending,
      input: { failure: { code: 'OperationCanceled' } },
    });
    expect(ran.outcome).toBe('OperationCanceled');
  });

  it('of decommission ends without the list of what is left when that look fails', async () => {
    const acts = { retireServices: fails('PortsExhausted'), endBlocked: fails('EnvironmentGone') };
    const ran = await run('decommission', acts);
    expect(endsOf(ran)).toEqual([{ phase: 'Failed', code: 'PortsExhausted' }]);
  });
});
