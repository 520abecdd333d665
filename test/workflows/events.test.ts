/** A share of `npm run bench:events`. */
import { expect, it } from 'vitest';
import { lineOf, measureEvents, missesOf } from '../torture/events.ts';

it('a deployment is as many events and actions for three components as for one, and within the bar; so is its lane', async () => {
  const report = await measureEvents({ sizes: [1, 3], burst: 3, say: () => undefined });
  expect(missesOf(report), report.measured.map(lineOf).join('\n')).toEqual([]);
  const [one, , three] = report.measured;
  expect(three?.deployment.events).toBe(one?.deployment.events);
});
