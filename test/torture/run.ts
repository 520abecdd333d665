/**
 * `npm run torture -- <name>`: what the test suite runs a small count of, at full size. Prints a line with its numbers and
 * ends with 1 when a bound is missed. Everything it starts it stops.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAverage } from '../../bench/figures.ts';
import { killProcessesUnder } from '../../local/engines/processes-under.ts';
import * as hung from './hung.ts';
import { CELLS } from './hung-cells.ts';
import * as kill from './kill.ts';
import * as posts from './posts.ts';
import * as stopped from './stopped.ts';
import * as zombies from './zombies.ts';

interface Torture {
  result: string;
  misses: string[];
}

const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

const TORTURES: Record<string, () => Promise<Torture>> = {
  async hung() {
    const cells = Array.from({ length: 100 }, (_, at) => CELLS[at % CELLS.length]).filter((cell) => cell !== undefined);
    const report = await hung.runHung({ cells, environments: 12, progressDeadlineSeconds: 45, say });
    return { result: hung.resultOf(report), misses: hung.missesOf(report) };
  },
  async kill() {
    const report = await kill.runKillMatrix({
      sizes: [
        { components: 1, rounds: 2, atOnce: 1 },
        { components: 3, rounds: 3, atOnce: 2 },
        { components: 20, rounds: 1, atOnce: 2 },
      ],
      ...{ workers: 10, sweep: true, say },
    });
    return { result: kill.resultOf(report), misses: kill.missesOf(report, 500) };
  },
  async posts() {
    const report = await posts.runPosts({ posts: 200, rounds: 20, environments: 8, say });
    return { result: posts.resultOf(report), misses: report.violations };
  },
  async stopped() {
    const report = await stopped.runStopped({ rounds: 100, environments: 3, workers: 9, say });
    return { result: stopped.resultOf(report), misses: stopped.missesOf(report) };
  },
  async zombies() {
    const report = await zombies.runZombies({ rounds: 100, say });
    return { result: zombies.resultOf(report), misses: zombies.missesOf(report) };
  },
};

const [name = ''] = process.argv.slice(2);
const torture = TORTURES[name];
if (torture) await run(torture);
else {
  console.error(`usage: npm run torture -- ${Object.keys(TORTURES).join('|')}`);
  process.exitCode = 1;
}

/** In a folder of its own, by which all that it starts is found again when it is stopped in the middle. */
async function run(work: () => Promise<Torture>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sly-'));
  process.env.TMPDIR = folder;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void cleanUp(folder).then(() => process.kill(process.pid, signal)));
  }
  const began = Date.now();
  say(loadAverage());
  try {
    const { result, misses } = await work();
    for (const miss of misses) console.log(`  ${miss}`);
    console.log(`${result}; ${Math.round((Date.now() - began) / 1000)} s, ${loadAverage()}`);
    if (misses.length > 0) process.exitCode = 1;
  } finally {
    await cleanUp(folder);
  }
}

async function cleanUp(folder: string): Promise<void> {
  await killProcessesUnder(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
