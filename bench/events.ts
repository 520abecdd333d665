/**
 * `npm run bench:events`: how many events and billable actions a deployment is in Temporal's histories, whatever its size,
 * and what its environment's lane adds. Counted from real histories; ends with 1 when a bar is missed.
 */
import { measureEvents, missesOf, MOST_ACTIONS, MOST_EVENTS, MOST_LANE_EVENTS } from '../test/torture/events.ts';
import { loadAverage } from './figures.ts';

console.log(
  `${loadAverage()}; the bars: ${MOST_EVENTS} events, ${MOST_ACTIONS} actions, ${MOST_LANE_EVENTS} events of the lane`,
);
const report = await measureEvents({ sizes: [1, 5, 20, 50, 100], burst: 10, say: (line) => console.log(line) });
const misses = missesOf(report);
for (const miss of misses) console.log(`over: ${miss}`);
console.log(`${misses.length} over; ${loadAverage()}`);
if (misses.length > 0) process.exitCode = 1;
