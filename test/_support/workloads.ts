/** The workload processes that really run for one home, straight from the process table. */
import { readFileSync, readdirSync } from 'node:fs';

export interface RunningWorkload {
  pid: number;
  environmentId: string;
  serviceId: string;
  revision: string;
  instance: string;
}

/** By service and instance. A process counts when its environment names an instance whose folder is in this home. */
export function runningWorkloads(home: string): RunningWorkload[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const env = environmentOf(Number(name));
      if (!env?.SLIPWAY_CONFIG_DIR?.startsWith(home) || !env.SLIPWAY_INSTANCE) return [];
      const { SLIPWAY_SERVICE: serviceId = '', SLIPWAY_REVISION: revision = '', SLIPWAY_INSTANCE: instance } = env;
      const environmentId = /\/services\/([^/]+)\//.exec(env.SLIPWAY_CONFIG_DIR)?.[1] ?? '';
      return [{ pid: Number(name), environmentId, serviceId, revision, instance }];
    })
    .sort((a, b) => `${a.serviceId}/${a.instance}`.localeCompare(`${b.serviceId}/${b.instance}`));
}

function environmentOf(pid: number): Record<string, string> | null {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
    return Object.fromEntries(
      entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    );
  } catch {
    // It ended while it was looked at.
    return null;
  }
}
