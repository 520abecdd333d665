/** A share of `npm run torture -- kill`: a death in each kind of operation, inside batches of three components. */
import { expect, it } from 'vitest';
import { missesOf, resultOf, runKillMatrix } from '../torture/kill.ts';

const CELLS = [
  'provision provisionStack up it',
  'update takeNext end',
  'update rollOut ensure svc-01',
  'update promote before',
  'back goBack retire svc-01',
  'terminated convergeServices shiftTraffic svc-00',
  'decommission retireServices unroute svc-02',
];

it(
  'loses, doubles and holds up nothing when workers die, and goes on within the bound',
  { timeout: 600_000 },
  async () => {
    const report = await runKillMatrix({
      sizes: [
        {
          ...{ components: 3, rounds: 1, atOnce: 1 },
          only: ({ step, activity, point }) => CELLS.includes(`${step} ${activity} ${point}`),
        },
      ],
      ...{ workers: 3, sweep: false, say: () => undefined },
    });
    expect(missesOf(report, CELLS.length), resultOf(report)).toEqual([]);
  },
);
