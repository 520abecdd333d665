/**
 * `npm run bench:neighbours`: what a tenant that calls a hundred times as often as it may does to the others. Ten tenants
 * call within their limits, for a while alone and for a while beside the flood, in turn, round by round; the figure is the
 * 99th percentile of what they wait, the best beside the flood ÷ the best alone of five rounds: either may be spoiled by
 * what else runs. API, flood and callers are processes of their own. Ends with 1 when the figure is over the bar.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { loadAverage, p99, ROUNDS } from './figures.ts';

const BAR = 2;
const LIMIT_PER_SECOND = 20;
const TIMES = 100;
const NEIGHBOURS = 10;
const CALLS_PER_SECOND = 10;
const SECONDS = 10;

export interface Neighbour {
  url: string;
  token: string;
}

export interface Ready {
  /** The first one floods. */
  neighbours: Neighbour[];
}

export interface Flooded {
  calls: number;
  refused: number;
  seconds: number;
}

const tenants = Array.from({ length: NEIGHBOURS + 1 }, (_, at) => `tenant-${at}`);
const server = fork(join(import.meta.dirname, 'neighbours-server.ts'), [String(LIMIT_PER_SECOND), ...tenants]);
const [ready] = (await once(server, 'message')) as [Ready];
const [flooding, ...others] = ready.neighbours;
if (!flooding) throw new Error('nobody floods');
const agent = new Agent({ keepAlive: true });

const alone: number[] = [];
const beside: number[] = [];
try {
  // The first round warms.
  for (let round = 0; round <= ROUNDS; round++) {
    const calm = await p99Of(others);
    const { flooded, waited } = await besideFlood();
    if (round === 0) continue;
    alone.push(calm);
    beside.push(waited);
    const times = flooded.calls / flooded.seconds / LIMIT_PER_SECOND;
    console.log(
      `p99 alone ${calm.toFixed(1)} ms, beside ${waited.toFixed(1)} ms (flood: ${times.toFixed(0)} × its limit, ${flooded.refused} of ${flooded.calls} refused)`,
    );
  }
} finally {
  agent.destroy();
  server.disconnect();
  await once(server, 'exit');
}
const ratio = Math.min(...beside) / Math.min(...alone);
console.log(`best of ${ROUNDS}: ${ratio.toFixed(2)} ×, the bar is ${BAR}; ${loadAverage()}`);
if (ratio > BAR) process.exitCode = 1;

async function besideFlood(): Promise<{ flooded: Flooded; waited: number }> {
  const flood = fork(join(import.meta.dirname, 'neighbours-flood.ts'));
  flood.send({ of: flooding, perSecond: LIMIT_PER_SECOND * TIMES });
  // The burst it has to spare is used up first.
  await setTimeout(1_000);
  const waited = await p99Of(others);
  const answered = once(flood, 'message') as Promise<[Flooded]>;
  flood.send({});
  const [flooded] = await answered;
  return { flooded, waited };
}

/** Of what they wait, ms. Calls are sent when they are due, whatever has become of those before. */
async function p99Of(callers: Neighbour[]): Promise<number> {
  const waits: Promise<number>[] = [];
  const began = performance.now();
  const all = callers.length * CALLS_PER_SECOND * SECONDS;
  for (let at = 0; at < all; at++) {
    const dueMs = (at / (callers.length * CALLS_PER_SECOND)) * 1000;
    await setTimeout(Math.max(0, began + dueMs - performance.now()));
    const caller = callers[at % callers.length];
    if (caller) waits.push(waitOf(caller));
  }
  return p99(await Promise.all(waits));
}

async function waitOf({ url, token }: Neighbour): Promise<number> {
  const began = performance.now();
  await new Promise<void>((resolve, reject) => {
    const request = get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`a neighbour was answered ${response.statusCode}`));
      response.resume().once('end', resolve);
    });
    request.once('error', reject);
  });
  return performance.now() - began;
}
