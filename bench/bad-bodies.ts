/**
 * `npm run bench:bodies`: what bodies that are made to cost much cost, from their bytes to those of the refusal: CPU of
 * this process, the best of five rounds. Prints the three that cost most of each endpoint, and ends with 1 when one is
 * over the bar: of all, or of what the shape makes of it once it is read.
 */
import type { Endpoint } from '../api/endpoint.ts';
import {
  bestCostMs,
  hostileBodies,
  hostileTexts,
  judge,
  takers,
  type HostileBody,
} from '../test/_support/hostile-bodies.ts';
import { loadAverage, ROUNDS } from './figures.ts';

const BAR_MS = 50;
const SHOWN = 3;

console.log(`${loadAverage()}; CPU, best of ${ROUNDS}; the bar is ${BAR_MS} ms`);
let over = measure('the reader alone', null, hostileTexts());
for (const endpoint of takers)
  over += measure(`${endpoint.method} ${endpoint.route}`, endpoint, hostileBodies(endpoint));
console.log(`${over} over the bar; ${loadAverage()}`);
if (over > 0) process.exitCode = 1;

/** @returns how many are over the bar */
function measure(title: string, endpoint: Endpoint | null, bodies: Iterable<HostileBody>): number {
  const costs: { name: string; ms: number }[] = [];
  for (const { name, bytes } of bodies) {
    costs.push({ name, ms: bestCostMs(() => judge(endpoint, bytes), ROUNDS) });
  }
  costs.sort((a, b) => b.ms - a.ms);
  const tooMuch = costs.filter(({ ms }) => ms > BAR_MS).length;
  console.log(`${title}: ${costs.length} bodies`);
  for (const { name, ms } of costs.slice(0, Math.max(SHOWN, tooMuch))) {
    console.log(`${ms.toFixed(1).padStart(9)} ms  ${name}`);
  }
  return tooMuch;
}
