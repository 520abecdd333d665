import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fails, lostOnce, untilCancelled } from '../_support/acts.ts';
import { until } from '../_support/until.ts';
import { openWorkflowStand, type Act, type Ran, type WorkflowStand } from '../_support/workflow-stand.ts';

let stand: WorkflowStand;

beforeAll(async () => {
  stand = await openWorkflowStand({ main: [], sweeps: ['sweepDue'] });
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

const sweep = (sweepDue: Act): Promise<Ran> => stand.run('sweep', { sweepDue }, { kind: 'expiry' });
/** A turn after which so many rows are due soon; the last of them is the last turn. */
const turns =
  (...left: number[]): Act =>
  (_input, attempt) => ({ visited: 1, failed: 0, left: left[attempt - 1] ?? 0 });
const only = { kind: 'expiry' };
const inputsOf = ({ calls }: Ran) => calls.map(({ input }) => input);

describe('a sweep', () => {
  it('ends after a turn that leaves nothing due soon', async () => {
    expect(await sweep(turns(0))).toEqual({ outcome: 'completed', calls: [{ name: 'sweepDue', input: only }] });
  });

  it('goes on turn after turn while something is due soon, each in a history of its own', async () => {
    const runIds = new Set<string | undefined>();
    const ran = await sweep((input, attempt) => {
      runIds.add(Context.current().info.workflowExecution?.runId);
      return turns(3, 1, 0)(input, attempt);
    });
    expect(inputsOf(ran)).toEqual([only, only, only]);
    expect(runIds.size).toBe(3);
    expect(ran.outcome).toBe('completed');
  });

  it('goes on when a turn was lost: it is done twice, and what comes after it as before', async () => {
    const ran = await sweep(lostOnce(turns(0, 2, 0)));
    expect(inputsOf(ran)).toEqual([only, only, only]);
    expect(ran.outcome).toBe('completed');
  });

  it('outlives a database that is away', async () => {
    const away = fails('DatabaseUnavailable');
    const ran = await sweep((input, attempt) => (attempt < 3 ? away(input, attempt) : turns()(input, attempt)));
    expect(inputsOf(ran)).toEqual([only, only, only]);
    expect(ran.outcome).toBe('completed');
  });

  it('fails for operators to see when a turn cannot be tried again', async () => {
    const ran = await sweep(fails('PortsExhausted'));
    expect(ran).toMatchObject({ outcome: 'PortsExhausted', calls: [{ name: 'sweepDue' }] });
  });

  it('ends when an operator cancels it, and its turn is told', async () => {
    let isTold = false;
    const ran = await sweep(async () => {
      await stand.cancel(Context.current().info.workflowExecution?.workflowId ?? '');
      await untilCancelled().finally(() => {
        isTold = true;
      });
    });
    expect(ran).toMatchObject({ outcome: expect.stringMatching(/cancel/i), calls: [{ name: 'sweepDue' }] });
    await until(() => isTold, { what: 'the turn to be told' });
  });
});
