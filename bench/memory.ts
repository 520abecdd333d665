/**
 * `npm run bench:memory`: the memory of the embedded platform at rest, process by process. Proportional set size, so that
 * pages several processes share are counted once; Linux only. Prints the load average with it.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readConfig } from '../bin/config.ts';
import { processesUnder } from '../local/engines/processes-under.ts';
import { startPlatform } from '../local/platform/platform.ts';
import { loadAverage } from './figures.ts';

/** What start-up leaves to be collected is gone after that. */
const SETTLE_MS = 30_000;

const home = mkdtempSync(join(tmpdir(), 'slb-'));
const config = readConfig({ ...process.env, SLIPWAY_HOME: home });
const platform = await startPlatform({ config, onProgress: (line) => console.log(line) });
try {
  await delay(SETTLE_MS);
  const rows = withChildren([...processesUnder(home), process.pid]).map((pid) => ({
    name: nameOf(pid),
    mib: pssMib(pid),
  }));
  rows.sort((a, b) => b.mib - a.mib);
  for (const { name, mib } of rows) console.log(`${mib.toFixed(1).padStart(8)} MiB  ${name}`);
  const total = rows.reduce((sum, { mib }) => sum + mib, 0);
  console.log(`${total.toFixed(0).padStart(8)} MiB  in all, ${loadAverage()}`);
} finally {
  await platform.stop();
  rmSync(home, { recursive: true, force: true });
}

/** Postgres's backends name no folder; they are known by their parent. */
function withChildren(pids: number[]): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return [...new Set([...pids, ...all.filter((pid) => pids.includes(parentOf(pid)))])];
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    // It has ended.
    return -1;
  }
}

function pssMib(pid: number): number {
  const kib = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  return Number(kib ?? 0) / 1024;
}

function nameOf(pid: number): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  return words
    .slice(0, 3)
    .map((word) => word.split('/').slice(-2).join('/'))
    .join(' ');
}
