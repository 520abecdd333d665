/** Shares of `npm run torture -- stopped` and of `npm run torture -- zombies`. */
import { describe, expect, it } from 'vitest';
import * as stopped from '../torture/stopped.ts';
import * as zombies from '../torture/zombies.ts';

const say = () => undefined;

describe('an attempt that goes on when a later one has begun', () => {
  it('changes nothing in a worker that stood still past its time-out: the call it was about to make is refused', async () => {
    const report = await stopped.runStopped({ rounds: 4, environments: 2, workers: 5, say });
    expect(stopped.missesOf(report), stopped.resultOf(report)).toEqual([]);
    expect(report.stopped).toBe(6);
  });

  it('is refused every write at supervisor, proxy, engine and rows', async () => {
    const report = await zombies.runZombies({ rounds: 4, say });
    expect(zombies.missesOf(report), zombies.resultOf(report)).toEqual([]);
    expect(Object.keys(report.refused)).toHaveLength(10);
  });
});
