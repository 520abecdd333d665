/** A share of `npm run torture -- hung` and of `npm run torture -- registry`. */
import { expect, it } from 'vitest';
import { CELLS, nameOf } from '../torture/hung-cells.ts';
import * as hung from '../torture/hung.ts';

const say = (line: string) => console.log(new Date().toISOString(), line);

/** One of each kind: of the fates, of the ways, of where it ends. */
const HUNG = process.env.HUNG_ONLY
  ? process.env.HUNG_ONLY.split(',')
  : [
      'forward supervisor GET image unheard',
      'forward supervisor PUT revision late',
      'forward proxy PUT route unanswered',
      'forward supervisor DELETE revision unheard',
      'back proxy POST fence unheard',
      'probes old',
    ];

it(
  'a deployment ends in time whatever call or probe of it hangs, for a true reason, and what runs is what its row says',
  { timeout: 600_000 },
  async () => {
    const cells = CELLS.filter((cell) => HUNG.includes(nameOf(cell)));
    const report = await hung.runHung({ cells, environments: HUNG.length, progressDeadlineSeconds: 20, say });
    expect(hung.missesOf(report), hung.resultOf(report)).toEqual([]);
    expect(report.terminal).toBe(HUNG.length);
  },
);
