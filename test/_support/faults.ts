/**
 * Where workers have to die or to stand still, and what they did until then: a folder that the runner and its workers
 * share. An armed point is a file; the worker that comes there first renames it, and is the only one then. What workers do
 * is a line each.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `before`: before the activity is called; `end`: after all it does, before its completion is told. `ensure svc-02`: right
 * after that call to the outside about that service has returned; `before ensure svc-02`: right before it is made. A call
 * about no service is about `it`.
 */
export type Point = 'before' | 'end' | `${string} ${string}`;

export interface Armed {
  /** What the activity works for: an environment's id, or the kind of a sweep. */
  subject: string;
  activity: string;
  point: Point;
}

/** SIGKILL ends a worker; SIGSTOP makes it a zombie, once somebody sends it SIGCONT. */
export type FaultSignal = 'SIGKILL' | 'SIGSTOP';

interface By {
  at: number;
  pid: number;
}

export type Line =
  | ({ kind: 'start' | 'finish'; subject: string; activity: string } & By)
  | ({ kind: 'fault'; signal: FaultSignal; attempt: number } & By & Armed)
  /** What became of the call before which a worker had stood still: `done`, or the code it failed of. */
  | ({ kind: 'outcome'; outcome: string } & By & Armed);

/** Of the runner. */
export interface Faults {
  folder: string;
  arm(armed: Armed, signal?: FaultSignal): void;
  /** False when a worker has come there. */
  disarm(armed: Armed): boolean;
  hasFired(armed: Armed): boolean;
  lines(): Line[];
}

export function openFaults(folder: string): Faults {
  mkdirSync(join(folder, 'armed'), { recursive: true });
  const disarm = (armed: Armed) => {
    const there = existsSync(fileOf(folder, armed));
    rmSync(fileOf(folder, armed), { force: true });
    return there;
  };
  return {
    folder,
    disarm,
    arm: (armed, signal = 'SIGKILL') => writeFileSync(fileOf(folder, armed), signal),
    hasFired: (armed) => !existsSync(fileOf(folder, armed)),
    lines() {
      const log = logOf(folder);
      if (!existsSync(log)) return [];
      const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line) as Line);
    },
  };
}

/** Of a worker: a line of what it does; short ones are written whole, also when many write. */
export function note(folder: string, line: Line): void {
  appendFileSync(logOf(folder), `${JSON.stringify(line)}\n`);
}

/** Of the pool: how many workers poll now. */
export function notePolling(folder: string, count: number): void {
  writeFileSync(join(folder, 'polling'), String(count));
}

/** Who goes on is what is measured, not how soon a worker starts: one may go while so many poll, itself among them. */
const ENOUGH = 3;
/** Less than a workflow task may take: an attempt must not have been given up by then. */
const PATIENCE_MS = 3_000;

/** Blocks the worker, as its death will. */
function othersPoll(folder: string): boolean {
  const giveUpAt = Date.now() + PATIENCE_MS;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    if (Number(readFileSync(join(folder, 'polling'), 'utf8')) >= ENOUGH) return true;
    if (Date.now() > giveUpAt) return false;
    Atomics.wait(pause, 0, 0, 20);
  }
}

/**
 * Of a worker: the signal to itself when this point is armed. True when it was, and the worker goes on after all. Without
 * others who could go on the point stays armed.
 */
export function passes(folder: string, armed: Armed, attempt: number): boolean {
  const file = fileOf(folder, armed);
  const mine = `${file}.${process.pid}`;
  if (!existsSync(file) || !othersPoll(folder)) return false;
  try {
    renameSync(file, mine);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const signal = readFileSync(mine, 'utf8') as FaultSignal;
  rmSync(mine);
  note(folder, { kind: 'fault', signal, at: Date.now(), pid: process.pid, attempt, ...armed });
  process.kill(process.pid, signal);
  return true;
}

const logOf = (folder: string) => join(folder, 'log.jsonl');
const fileOf = (folder: string, { subject, activity, point }: Armed) =>
  join(folder, 'armed', `${subject}~${activity}~${point}`);
