/** Finds the workload processes of a home by what is in their environment: without asking the supervisor. */
import { readdirSync, readFileSync } from 'node:fs';

/** The pids of the processes that serve this instance of this home. Linux only. */
export function processesOf(home: string, instanceId: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const env = environmentOf(pid);
      return env.includes(`SLIPWAY_INSTANCE=${instanceId}`) && env.some((entry) => entry.startsWith(`HOME=${home}/`));
    });
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It ended meanwhile, or is not ours to look at.
    return [];
  }
}
