/**
 * The shim: one small process per replica that outlives the supervisor. It holds the instance's lock, runs the workload,
 * restarts it with a growing pause, and writes down what happens. Few imports on purpose: there is one per replica.
 */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { SecretRef } from '../../../domain/secrets.ts';
import { isSameProcess, processStartTime } from '../../process-identity.ts';
import { tryLock, type InstanceLock } from '../instance-lock.ts';
import { instanceFiles, type InstanceRecord, type InstanceState } from '../instance-record.ts';
import { signal, stopProcessGroup } from '../stop-process.ts';
import { BackOff } from './back-off.ts';
import { rotateLog } from './rotate-log.ts';
import { startWorkload, type StartedWorkload } from './workload.ts';

/** Another shim runs this instance, or it is to go away: there is nothing to do. */
export const NOT_NEEDED = 75;

const MAX_LOG_BYTES = 10 * 1024 * 1024;
const LOG_CHECK_MS = 5_000;

/** Opens the version of a secret. Its errors name the reference, never the value. */
export type ReadSecret = (ref: SecretRef) => Promise<string>;

/** How the workload ended: one of the two. */
interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Returns null when this shim is not needed. */
export async function startShim(folder: string, readSecret: ReadSecret): Promise<Shim | null> {
  const files = instanceFiles(folder);
  const lock = tryLock(files.lock);
  // Read only under the lock: before it, the supervisor may be taking the instance away.
  const record = lock && readFile<InstanceRecord>(files.record);
  if (!lock || !record || record.retired) {
    lock?.release();
    return null;
  }
  const shim = new Shim(files, record, lock, readSecret);
  await shim.start();
  return shim;
}

class Shim {
  readonly #files: ReturnType<typeof instanceFiles>;
  readonly #record: InstanceRecord;
  readonly #lock: InstanceLock;
  readonly #readSecret: ReadSecret;
  readonly #backOff = new BackOff();
  readonly #logCheck: NodeJS.Timeout;
  #state: InstanceState;
  #running: StartedWorkload | null = null;
  #restart: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | null = null;

  constructor(
    files: ReturnType<typeof instanceFiles>,
    record: InstanceRecord,
    lock: InstanceLock,
    readSecret: ReadSecret,
  ) {
    const before = readFile<InstanceState>(files.state);
    this.#files = files;
    this.#record = record;
    this.#lock = lock;
    this.#readSecret = readSecret;
    const interrupted = before !== null && before.status !== 'stopped';
    this.#state = {
      shim: { pid: process.pid, startTime: processStartTime(process.pid) ?? '' },
      workload: before?.workload ?? null,
      status: 'starting',
      startedAtMs: 0,
      restarts: interrupted ? before.restarts + (before.startedAtMs > 0 ? 1 : 0) : 0,
      lastExitCode: interrupted ? before.lastExitCode : null,
      lastExitSignal: (interrupted && before.lastExitSignal) || null,
    };
    this.#logCheck = setInterval(() => rotateLog(files.log, files.oldLog, MAX_LOG_BYTES), LOG_CHECK_MS);
  }

  async start(): Promise<void> {
    this.#write({});
    // What a killed shim left behind: nobody collects its exit code any more, and it holds the port.
    if (this.#state.workload) await stopProcessGroup(this.#state.workload, this.#record.graceMs);
    if (!this.#stopping) await this.#run();
  }

  /** Ends the workload with its whole process group, then the lock; the process ends by itself after that. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** The values are fetched for this incarnation and given to it: the shim keeps none. */
  async #run(): Promise<void> {
    const secrets = await this.#fetchSecrets();
    if (this.#stopping) return;
    if (!secrets) {
      this.#again({ code: null, signal: null }, 0);
      return;
    }
    const startedAtMs = Date.now();
    const started = startWorkload(this.#record, secrets, this.#files.log, (workload) => {
      this.#write({ workload, status: 'running', startedAtMs });
    });
    this.#running = started;
    started.child.once('exit', (code, by) => this.#ended(started, { code, signal: by }, Date.now() - startedAtMs));
  }

  #ended({ identity }: StartedWorkload, exit: Exit, ranMs: number): void {
    this.#running = null;
    // Children it left would keep the port from its next incarnation.
    signal(-identity.pid, 'SIGKILL');
    if (!this.#stopping) this.#again(exit, ranMs);
  }

  #again(exit: Exit, ranMs: number): void {
    const delayMs = this.#backOff.nextDelayMs(ranMs);
    this.#write({ workload: null, status: 'backingOff', lastExitCode: exit.code, lastExitSignal: exit.signal });
    this.#restart = setTimeout(() => {
      this.#state.restarts += 1;
      void this.#run();
    }, delayMs);
  }

  /** Null, with a sentence in the shim's log and in the workload's, when one cannot be had now. */
  async #fetchSecrets(): Promise<Record<string, string> | null> {
    const values: Record<string, string> = {};
    for (const { name, ref } of this.#record.secrets ?? []) {
      try {
        const value = await this.#readSecret(ref);
        // What spawn says about such a value would quote it.
        if (value.includes('\0')) throw new Error('the value holds a NUL character, which no variable can');
        values[name] = value;
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'no reason given';
        const sentence = `${name} cannot be fetched from the vault: ${reason}`;
        console.error(sentence);
        appendFileSync(this.#files.log, `slipway: ${sentence}\n`, { mode: 0o600 });
        return null;
      }
    }
    return values;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#restart);
    clearInterval(this.#logCheck);
    this.#write({ status: 'stopping' });
    const identity = this.#running?.identity ?? this.#state.workload;
    if (identity && isSameProcess(identity.pid, identity.startTime)) {
      await stopProcessGroup(identity, this.#record.graceMs);
    }
    this.#write({ workload: null, status: 'stopped' });
    this.#lock.release();
  }

  /** No fsync: after a crash of the whole machine none of these processes is there any more. */
  #write(change: Partial<InstanceState>): void {
    this.#state = { ...this.#state, ...change };
    const temporary = `${this.#files.state}.tmp`;
    writeFileSync(temporary, JSON.stringify(this.#state), { mode: 0o600 });
    renameSync(temporary, this.#files.state);
  }
}

function readFile<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}
