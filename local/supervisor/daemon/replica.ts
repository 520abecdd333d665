/** One replica as the supervisor sees it: its record, its shim, and what the shim wrote down. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Instance } from '../../../providers/compute/port.ts';
import { isSameProcess, processStartTime } from '../../process-identity.ts';
import { readJson, writeJsonDurably } from '../files.ts';
import { tryLock } from '../instance-lock.ts';
import { instanceFiles, type InstanceRecord, type InstanceState, type ProcessIdentity } from '../instance-record.ts';
import { BackOff } from '../shim/back-off.ts';
import { stopProcess, stopProcessGroup } from '../stop-process.ts';

/** How a shim is started. */
export interface ShimCommand {
  file: string;
  args: string[];
  env: Record<string, string>;
}

/** What a shim may take to end beyond its workload's grace period. */
const SHIM_GRACE_MS = 5_000;
/** A shim that wakes up late needs a moment to see that it is retired. */
const LOCK_PATIENCE_MS = 30_000;

export class Replica {
  readonly folder: string;
  readonly revision: string;
  readonly record: InstanceRecord;
  readonly #command: ShimCommand;
  readonly #backOff = new BackOff();
  /** The shim this supervisor started, until it ends; a shim of an earlier supervisor is known by its state alone. */
  #spawned: ProcessIdentity | null = null;
  #spawnAtMs = 0;
  #stopping = false;

  constructor(folder: string, revision: string, record: InstanceRecord, command: ShimCommand) {
    this.folder = folder;
    this.revision = revision;
    this.record = record;
    this.#command = command;
  }

  /** Starts a shim when none runs. A needless one finds the instance locked and ends. */
  async keep(): Promise<void> {
    if (this.#stopping || this.#spawned !== null || Date.now() < this.#spawnAtMs) return;
    const state = await this.state();
    if (this.#stopping || this.#spawned !== null || (state && isSameProcess(state.shim.pid, state.shim.startTime)))
      return;
    this.#spawn();
  }

  async state(): Promise<InstanceState | null> {
    return await readJson<InstanceState>(instanceFiles(this.folder).state);
  }

  async describe(): Promise<Instance> {
    const state = await this.state();
    const workload = state?.workload;
    const alive = workload ? isSameProcess(workload.pid, workload.startTime) : false;
    const { instanceId, ordinal, port, secrets } = this.record;
    return {
      instanceId,
      revision: this.revision,
      ordinal,
      state: this.#stopping ? 'stopping' : stateOf(state, alive),
      startedAtMs: state?.startedAtMs ?? 0,
      restarts: state?.restarts ?? 0,
      lastExitCode: state?.lastExitCode ?? null,
      lastExitSignal: state?.lastExitSignal ?? null,
      address: `127.0.0.1:${port}`,
      ...(secrets && { secrets }),
    };
  }

  /** Ends shim and workload; the record stays, so the replica comes back with the next supervisor. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const graceMs = this.record.graceMs + SHIM_GRACE_MS;
    if (this.#spawned) await stopProcess(this.#spawned, graceMs);
    const state = await this.state();
    if (!state) return;
    await stopProcess(state.shim, graceMs);
    // The shim stops its workload itself, unless it was killed.
    const left = await this.state();
    if (left?.workload) await stopProcessGroup(left.workload, this.record.graceMs);
  }

  /** Ends it and forgets it. May be repeated after a crash at any point. */
  async remove(): Promise<void> {
    this.#stopping = true;
    const files = instanceFiles(this.folder);
    await writeJsonDurably(files.record, { ...this.record, retired: true });
    await this.stop();
    // The lock proves that no shim is left; one that was just waking up finds the record retired and lets go.
    const giveUpAt = Date.now() + LOCK_PATIENCE_MS;
    let lock = tryLock(files.lock);
    while (!lock) {
      if (Date.now() > giveUpAt) throw new Error(`the lock of ${this.record.instanceId} is not let go`);
      await this.stop();
      await new Promise((resolve) => setTimeout(resolve, 20));
      lock = tryLock(files.lock);
    }
    await rm(this.folder, { recursive: true, force: true });
    lock.release();
  }

  #spawn(): void {
    const startedAtMs = Date.now();
    const log = openSync(instanceFiles(this.folder).shimLog, 'a', 0o600);
    try {
      const { file, args, env } = this.#command;
      const shim = spawn(file, [...args, this.folder], { env, cwd: '/', detached: true, stdio: ['ignore', log, log] });
      const ended = () => {
        this.#spawned = null;
        this.#spawnAtMs = Date.now() + this.#backOff.nextDelayMs(Date.now() - startedAtMs);
      };
      shim.once('exit', ended);
      shim.once('error', ended);
      shim.unref();
      const startTime = shim.pid === undefined ? null : processStartTime(shim.pid);
      if (shim.pid !== undefined && startTime !== null) this.#spawned = { pid: shim.pid, startTime };
    } finally {
      closeSync(log);
    }
  }
}

function stateOf(state: InstanceState | null, alive: boolean): Instance['state'] {
  if (!state || state.status === 'starting') return 'starting';
  if (state.status === 'running') return alive ? 'running' : 'backingOff';
  return state.status === 'backingOff' ? 'backingOff' : 'stopping';
}
