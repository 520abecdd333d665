// One process of the embedded platform: started, awaited until it answers, watched, stopped. It never restarts itself.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processStartTime } from '../process-identity.ts';
import { reapLeftover, signalIfThere, type ProcessRecord } from './leftover.ts';
import { lastLines, openLog } from './log-file.ts';

export interface StartOptions {
  /** Names log (`log/<name>.log`) and record (`run/<name>.json`) in the home. */
  name: string;
  home: string;
  command: string;
  args: readonly string[];
  /** The whole environment of the process. */
  env: Record<string, string>;
  /** Asked until it says true; a throw means "not yet". */
  ready: () => Promise<boolean>;
  /** Default 60 s. */
  readyTimeoutMs?: number;
  /** Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** From the stop signal to SIGKILL; default 15 s. */
  stopGraceMs?: number;
  /** Another user to run as. */
  user?: { uid: number; gid: number };
  /** Gives the start up; the process is stopped. */
  signal?: AbortSignal;
}

export interface ProcessExit {
  name: string;
  code: number | null;
  signal: NodeJS.Signals | null;
  /** False when it ended because `stop` or `kill` was called here. */
  unexpected: boolean;
  logFile: string;
}

export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly running: boolean;
  /** Resolves (never rejects) when the process has ended, however it did. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal; its end then still counts as unexpected. */
  kill(signal: NodeJS.Signals): void;
  /** Stop signal, SIGKILL after the grace; resolves when it has ended. */
  stop(): Promise<void>;
}

/** A process that did not come up; one sentence and the last lines of its log. */
export class StartError extends Error {}

const POLL_MS = 50;
const SENTENCES = {
  exited: 'ended before it was ready',
  late: 'did not answer in time',
  aborted: 'start was given up',
};

/** Reaps a leftover of a killed run, spawns, and resolves when `ready` says so. @throws StartError (nothing is left running) */
export async function startProcess(options: StartOptions): Promise<ManagedProcess> {
  const { name, home, readyTimeoutMs = 60_000 } = options;
  const recordFile = join(home, 'run', `${name}.json`);
  await reapLeftover(recordFile);
  const logFile = join(home, 'log', `${name}.log`);
  const log = openLog(logFile);
  const managed = watch(spawnDetached(options, log.descriptor), options, logFile);
  closeSync(log.descriptor);
  writeRecord(recordFile, managed.pid, options.stopSignal ?? 'SIGTERM');
  void managed.exited.then(() => rmSync(recordFile, { force: true }));
  const outcome = await awaitReady(managed, options, readyTimeoutMs);
  if (outcome === 'ready') return managed;
  await managed.stop();
  throw new StartError(`${name} ${SENTENCES[outcome]} (log: ${logFile}):\n${lastLines(logFile, log.from)}`);
}

function spawnDetached({ command, args, env, user, name }: StartOptions, log: number): ChildProcess & { pid: number } {
  // A process group of its own: Ctrl-C in the terminal reaches only us, and we stop the parts in their order.
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], env, ...user });
  child.on('error', () => undefined);
  if (child.pid === undefined) {
    closeSync(log);
    throw new StartError(`${name} could not be started: ${command} cannot be run.`);
  }
  return child as ChildProcess & { pid: number };
}

function watch(child: ChildProcess & { pid: number }, options: StartOptions, logFile: string): ManagedProcess {
  const { name, stopSignal = 'SIGTERM', stopGraceMs = 15_000 } = options;
  let stopping = false;
  let running = true;
  const exited = new Promise<ProcessExit>((settle) => {
    child.once('exit', (code, signal) => {
      running = false;
      settle({ name, code, signal, unexpected: !stopping, logFile });
    });
  });
  return {
    name,
    pid: child.pid,
    logFile,
    exited,
    get running() {
      return running;
    },
    kill: (signal) => {
      if (running) signalIfThere(child.pid, signal);
    },
    stop: async () => {
      stopping = true;
      if (!running) return;
      signalIfThere(child.pid, stopSignal);
      const forced = setTimeout(() => running && signalIfThere(child.pid, 'SIGKILL'), stopGraceMs);
      await exited;
      clearTimeout(forced);
    },
  };
}

async function awaitReady(
  managed: ManagedProcess,
  { ready, signal }: StartOptions,
  timeoutMs: number,
): Promise<'ready' | keyof typeof SENTENCES> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (!managed.running) return 'exited';
    if (signal?.aborted) return 'aborted';
    if (await ready().catch(() => false)) return managed.running ? 'ready' : 'exited';
    if (Date.now() > deadline) return 'late';
    await Promise.race([delay(POLL_MS), managed.exited]);
  }
}

function writeRecord(file: string, pid: number, stopSignal: NodeJS.Signals): void {
  const startTime = processStartTime(pid);
  if (startTime === null) return;
  mkdirSync(dirname(file), { recursive: true });
  const record: ProcessRecord = { pid, startTime, stopSignal };
  writeFileSync(file, JSON.stringify(record), { mode: 0o600 });
}
