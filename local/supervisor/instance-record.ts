/** What is on disk about one replica: the record, written by the supervisor before it spawns; the state, written by the shim. */
import { join } from 'node:path';
import type { BoundSecret } from '../../domain/secrets.ts';

/** `instance.json`: all a shim needs to know. */
export interface InstanceRecord {
  instanceId: string;
  ordinal: number;
  port: number;
  command: string[];
  workingFolder: string;
  env: Record<string, string>;
  /** References: the shim fetches the values at every start of the workload and writes them nowhere. */
  secrets?: BoundSecret[];
  /** From SIGTERM to SIGKILL. */
  graceMs: number;
  /** True once the replica is to go away: a shim that wakes up late must not start anything. */
  retired: boolean;
}

/** A process, told apart from a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** `state.json` */
export interface InstanceState {
  shim: ProcessIdentity;
  workload: ProcessIdentity | null;
  status: 'starting' | 'running' | 'backingOff' | 'stopping' | 'stopped';
  /** When the present incarnation of the workload started, ms since the epoch; 0 before the first. */
  startedAtMs: number;
  restarts: number;
  lastExitCode: number | null;
  /** Shims of earlier releases do not write it down. */
  lastExitSignal?: string | null;
}

/** The files in an instance's folder. */
export function instanceFiles(folder: string) {
  return {
    record: join(folder, 'instance.json'),
    state: join(folder, 'state.json'),
    lock: join(folder, 'lock'),
    log: join(folder, 'workload.log'),
    oldLog: join(folder, 'workload.log.1'),
    config: join(folder, 'config'),
    shimLog: join(folder, 'shim.log'),
  };
}
