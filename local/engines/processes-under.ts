// Processes that work in a folder, whoever started them: its path is in their command line or in their environment.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { signalIfThere } from './leftover.ts';

const POLL_MS = 50;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** The pids of the processes that name something inside `folder`; this process is not among them. */
export function processesUnder(folder: string): number[] {
  const mark = `${folder}/`;
  const found = process.platform === 'linux' ? fromProc(mark) : fromPs(mark);
  return found.filter((pid) => pid !== process.pid);
}

/** Kills them, and those they start meanwhile. @returns how many there were */
export async function killProcessesUnder(folder: string): Promise<number> {
  const killed = new Set<number>();
  for (let left = processesUnder(folder); left.length > 0; left = processesUnder(folder)) {
    for (const pid of left) {
      killed.add(pid);
      signalIfThere(pid, 'SIGKILL');
    }
    await delay(POLL_MS);
  }
  return killed.size;
}

function fromProc(mark: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => ['cmdline', 'environ'].some((file) => readOf(pid, file).includes(mark))).map(Number);
}

/** Empty for a process that has ended, is a zombie, or belongs to somebody else. */
function readOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function fromPs(mark: string): number[] {
  const lines = execFileSync('ps', ['axEww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES });
  return lines
    .split('\n')
    .filter((line) => line.includes(mark))
    .map((line) => Number.parseInt(line, 10));
}
