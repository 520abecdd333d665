// Processes that outlived the run that started them (it was killed): found by their record, ended and awaited.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isSameProcess } from '../process-identity.ts';

/** What `startProcess` writes to `SLIPWAY_HOME/run/<name>.json`. */
export interface ProcessRecord {
  pid: number;
  startTime: string;
  /** How this process is asked to end. */
  stopSignal: NodeJS.Signals;
}

const POLL_MS = 25;

/** Ends the process the record names, if it still is that process, and removes the record. Tells whether one ran. */
export async function reapLeftover(recordFile: string, graceMs = 10_000): Promise<boolean> {
  const record = readRecord(recordFile);
  const alive = record !== null && isSameProcess(record.pid, record.startTime);
  if (record && alive) await endProcess(record, graceMs);
  rmSync(recordFile, { force: true });
  return alive;
}

/** Stop signal, then SIGKILL after the grace; resolves when the process is gone. For processes that are not our children. */
export async function endProcess({ pid, startTime, stopSignal }: ProcessRecord, graceMs: number): Promise<void> {
  signalIfThere(pid, stopSignal);
  if (await isGone(pid, startTime, graceMs)) return;
  signalIfThere(pid, 'SIGKILL');
  if (!(await isGone(pid, startTime, graceMs))) throw new Error(`Process ${pid} does not end, not even by SIGKILL.`);
}

/** Sends a signal; a process that is already gone is no error. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isGone(pid: number, startTime: string, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isSameProcess(pid, startTime)) {
    if (Date.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

function readRecord(recordFile: string): ProcessRecord | null {
  if (!existsSync(recordFile)) return null;
  try {
    const { pid, startTime, stopSignal } = JSON.parse(readFileSync(recordFile, 'utf8')) as ProcessRecord;
    return { pid, startTime, stopSignal: stopSignal ?? 'SIGTERM' };
  } catch {
    // Cut off by the kill that ended its writer: it names nothing.
    return null;
  }
}
