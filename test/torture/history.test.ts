import { describe, expect, it } from 'vitest';
import { violationsOf } from './history.ts';

const OPERATIONS = [
  { id: 'op-1', seq: 1 },
  { id: 'op-2', seq: 2 },
];

/** As `1 accepted, 1 phase`: an operation's number and what is told of it. */
const judged = (text: string) =>
  violationsOf(
    text.split(', ').map((entry, at) => {
      const [number, what] = entry.split(' ');
      return { revision: at + 1, type: `deploy.${what}`, operationId: number === '-' ? null : `op-${number}` };
    }),
    OPERATIONS,
  );

describe('the checker of histories', () => {
  it('is content with operations that work one after the other, in order', () => {
    const history = '1 accepted, 1 phase, 2 accepted, - converged, 1 phase, 1 ended, 2 phase, 2 ended';
    expect(judged(history)).toEqual([]);
  });

  it('is content with one that ends without having begun', () => {
    expect(judged('1 accepted, 2 accepted, 1 ended, 2 phase, 2 ended')).toEqual([]);
  });

  it.each([
    ['begin while another one works', '1 accepted, 2 accepted, 1 phase, 2 phase, 1 ended, 2 ended'],
    ['begin out of order', '1 accepted, 2 accepted, 2 phase, 2 ended, 1 phase, 1 ended'],
    ['are accepted out of order', '2 accepted, 1 accepted, 2 phase, 2 ended, 1 phase, 1 ended'],
    ['work while another one does', '1 accepted, 2 accepted, 1 phase, 2 progress, 1 ended, 2 phase, 2 ended'],
    ['work after their end', '1 accepted, 2 accepted, 1 phase, 1 ended, 1 progress, 2 phase, 2 ended'],
    ['end twice', '1 accepted, 2 accepted, 1 phase, 1 ended, 1 ended, 2 phase, 2 ended'],
    ['never end', '1 accepted, 2 accepted, 1 phase, 1 ended, 2 phase'],
    ['nobody has accepted', '1 accepted, 2 accepted, 1 phase, 1 ended, 2 phase, 2 ended, 3 ended'],
  ])('tells of operations that %s', (_what, history) => {
    expect(judged(history)).not.toEqual([]);
  });

  it('tells of a revision that is missing', () => {
    const events = [1, 3].map((revision) => ({ revision, type: 'environment.converged', operationId: null }));
    expect(violationsOf(events, [])).not.toEqual([]);
  });
});
