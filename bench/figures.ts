/** What the benches print figures with. */
import { loadavg } from 'node:os';

/** Of so many rounds the best one counts: what else runs on the machine only ever makes one worse. */
export const ROUNDS = 5;

/** The least value that 99 of a hundred do not exceed; 0 of none. */
export function p99(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

/** Over the last 1, 5 and 15 minutes. */
export function loadAverage(): string {
  return `load average ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`;
}
