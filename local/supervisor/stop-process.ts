/** Ending a process that may not be our child. */
import { isSameProcess } from '../process-identity.ts';
import type { ProcessIdentity } from './instance-record.ts';

const POLL_MS = 20;

/** SIGTERM, then SIGKILL after `graceMs`; resolves when the process is gone. One that is gone already is fine. */
export async function stopProcess(target: ProcessIdentity, graceMs: number): Promise<void> {
  await stop(target, graceMs, target.pid);
}

/** The same for a workload, which leads a process group; what is left of its group is killed when the leader has ended. */
export async function stopProcessGroup(leader: ProcessIdentity, graceMs: number): Promise<void> {
  if (!isSameProcess(leader.pid, leader.startTime)) return;
  await stop(leader, graceMs, -leader.pid);
  signal(-leader.pid, 'SIGKILL');
}

/** @param pid negative: the process group. A target that is gone is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function stop({ pid, startTime }: ProcessIdentity, graceMs: number, target: number): Promise<void> {
  if (!isSameProcess(pid, startTime)) return;
  signal(target, 'SIGTERM');
  const killAt = Date.now() + graceMs;
  let killed = false;
  while (isSameProcess(pid, startTime)) {
    if (!killed && Date.now() >= killAt) {
      signal(target, 'SIGKILL');
      killed = true;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
