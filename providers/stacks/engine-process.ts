// Which processes belong to a run of the engine, and how to end them for certain. A pid is reused, a parent may be gone
// and plugins lead groups of their own: so every process of a run carries the run's id in its environment.
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Set for the engine and inherited by all it starts. */
export const RUN_VARIABLE = 'SLIPWAY_ENGINE_RUN';

const POLL_MS = 50;

/** An opaque mark of the moment the process started, or null when it does not run (a zombie does not). */
export async function processStartTime(pid: number): Promise<string | null> {
  try {
    if (process.platform === 'linux') {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      // Field 2, the command in parentheses, may hold anything: count from its last ')'.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
    }
    const { stdout } = await promisify(execFile)('ps', ['-o', 'state=,lstart=', '-p', String(pid)]);
    const [state, ...started] = stdout.trim().split(/\s+/);
    return !state || state.startsWith('Z') ? null : started.join(' ');
  } catch {
    // No such file and no such process are the same answer.
    return null;
  }
}

/** Every living process of the run, the engine itself included. */
export async function processesOfRun(runId: string): Promise<number[]> {
  const mark = `${RUN_VARIABLE}=${runId}`;
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('ps', ['axEww', '-o', 'pid=,command='], { maxBuffer: 1 << 26 });
    const lines = stdout.split('\n').filter((line) => line.includes(mark));
    return lines.map((line) => Number.parseInt(line, 10));
  }
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      if (!environment.split('\0').includes(mark)) return null;
      return (await processStartTime(pid)) === null ? null : pid;
    }),
  );
  return found.filter((pid) => pid !== null);
}

export interface StoppableRun {
  runId: string;
  /** Of the engine. */
  pid: number;
  /** The engine's command, e.g. `up` or `stack init`. */
  command: string;
}

/**
 * Asks the engine to end (it finishes the resource in flight, saves its state and frees its lock), and after `graceMs`
 * kills what is left, plugins included. Resolves when no process of the run lives.
 */
export async function stopRun({ runId, pid, command }: StoppableRun, graceMs: number): Promise<void> {
  const lives = async () => (await processesOfRun(runId)).includes(pid);
  // `stack init` and `stack rm` do not listen: they would die with their lock in place. They are soon over.
  if (!command.startsWith('stack ') && (await lives())) signal(pid, 'SIGINT');
  const deadline = Date.now() + graceMs;
  while ((await lives()) && Date.now() < deadline) await delay(POLL_MS);
  await killRun(runId);
}

/** Kills what still lives of the run and waits until it is gone. */
export async function killRun(runId: string): Promise<void> {
  for (;;) {
    const left = await processesOfRun(runId);
    if (left.length === 0) return;
    for (const pid of left) signal(pid, 'SIGKILL');
    await delay(POLL_MS);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended by itself in between.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
