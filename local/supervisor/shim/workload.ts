/** Starts a workload in a session of its own, with its output in a file. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { processStartTime } from '../../process-identity.ts';
import type { InstanceRecord, ProcessIdentity } from '../instance-record.ts';

/**
 * The new process first waits for a line on descriptor 3, then becomes the command with the same pid. So the workload
 * runs only after its pid is on disk, and when the shim dies in between, the line never comes and nothing runs.
 */
const GATED_START = 'read -r go <&3 || exit 75; exec 3<&-; exec "$@"';

export interface StartedWorkload {
  identity: ProcessIdentity;
  child: ChildProcess;
}

/**
 * @param secrets further variables, given to the process alone.
 * @param onIdentity must have recorded the identity when it returns; the command starts after it.
 */
export function startWorkload(
  record: InstanceRecord,
  secrets: Record<string, string>,
  logFile: string,
  onIdentity: (identity: ProcessIdentity) => void,
): StartedWorkload {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn('/bin/sh', ['-c', GATED_START, 'sh', ...record.command], {
      cwd: record.workingFolder,
      env: { ...record.env, ...secrets },
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
    });
    const { pid } = child;
    const startTime = pid === undefined ? null : processStartTime(pid);
    if (pid === undefined || startTime === null) throw new Error(`could not start ${record.command.join(' ')}`);
    const identity = { pid, startTime };
    onIdentity(identity);
    const gate = child.stdio[3] as Writable;
    gate.on('error', () => child.kill('SIGKILL'));
    gate.end('go\n');
    return { identity, child };
  } finally {
    closeSync(log);
  }
}
