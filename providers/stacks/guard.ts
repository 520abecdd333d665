/**
 * Runs one engine command so that it is never lost sight of: recorded before it starts, in a process group of its own,
 * stopped when the worker that wanted it is gone. The engine's own lock file names a pid and no attempt, so it cannot
 * tell a living run from a dead one, nor an early attempt from a late one; this can.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import { killRun, processStartTime, RUN_VARIABLE, stopRun } from './engine-process.ts';
import { type EngineRun, pathOfRun, pruneRuns, recordRun, takeOver } from './engine-runs.ts';

export interface GuardedCommand {
  /** The real engine's executable. */
  engine: string;
  args: string[];
  environment: NodeJS.ProcessEnv;
  /** What the run is recorded as; null for a command that changes nothing (a preview), which is only watched. */
  attempt: { runsFolder: string; stack: string; fence: number } | null;
  /** Between asking the engine to stop and killing it. */
  graceMs: number;
  /** Aborted when the worker is gone, or wants the engine to stop. */
  stop: AbortSignal;
  stdout: Writable;
  stderr: Writable;
}

/** The shell waits for a word on descriptor 3 and then becomes the engine, with the same pid and start time. */
const WAIT_THEN_RUN = 'IFS= read -r go <&3 && exec 3<&- && exec "$0" "$@"';

/** @returns the exit code to pass on. @throws OperationFault `FenceRefused`; then the engine has not been started. */
export async function runGuarded(command: GuardedCommand): Promise<number> {
  const runId = randomUUID();
  const child = spawn('/bin/sh', ['-c', WAIT_THEN_RUN, command.engine, ...command.args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...command.environment, [RUN_VARIABLE]: runId },
  });
  const ended = endOf(child);
  // Through us, not inherited: an engine that writes into the pipe of a dead worker would die of it, half way.
  child.stdout?.pipe(command.stdout, { end: false });
  child.stderr?.pipe(command.stderr, { end: false });

  const run = await recorded(command, child, runId);
  const onStop = () => void stopRun({ runId, pid: child.pid ?? 0, command: nameOf(command.args) }, command.graceMs);
  command.stop.addEventListener('abort', onStop, { once: true });
  if (command.stop.aborted) onStop();
  else startNow(child);

  const { code, signal } = await ended;
  command.stop.removeEventListener('abort', onStop);
  await killRun(runId);
  if (run && code !== null) await settle(command, run, code);
  return code ?? (signal === 'SIGINT' ? 130 : 137);
}

/** Written first, then looked around: of two attempts at the same moment at least one sees the other. */
async function recorded(command: GuardedCommand, child: ChildProcess, runId: string): Promise<EngineRun | null> {
  if (!command.attempt) return null;
  const { runsFolder, stack, fence } = command.attempt;
  const pid = child.pid ?? 0;
  const startTime = await processStartTime(pid);
  if (startTime === null) throw new Error(`the engine's process could not be started`);
  const run: EngineRun = {
    ...{ stack, fence, runId, host: hostname(), pid, processStartTime: startTime },
    ...{ command: nameOf(command.args), startedAt: new Date().toISOString() },
  };
  await recordRun(runsFolder, run);
  try {
    await takeOver({ runsFolder, stack }, fence, command.graceMs, runId);
    return run;
  } catch (error) {
    await killRun(runId);
    await rm(pathOfRun(runsFolder, run), { force: true });
    throw error;
  }
}

/** A run that ended by itself left nothing half done; one that a signal ended stays on record as broken. */
async function settle(command: GuardedCommand, run: EngineRun, exitCode: number): Promise<void> {
  const runsFolder = command.attempt?.runsFolder ?? '';
  await recordRun(runsFolder, { ...run, ended: { at: new Date().toISOString(), exitCode } });
  if (exitCode !== 0) return;
  const { command: kind } = run;
  const cleaned = kind === 'stack rm' || command.args.includes('--clear-pending-creates');
  const whole = kind === 'stack rm' || kind === 'up';
  // What a broken or a failed run may have left stays known until it is cleaned up, or made whole.
  await pruneRuns(runsFolder, run, ({ ended }) => (ended ? ended.exitCode === 0 || whole : cleaned));
}

function nameOf([first = '', second = '']: string[]): string {
  return first === 'stack' ? `${first} ${second}` : first;
}

function startNow(child: ChildProcess): void {
  const go = child.stdio[3] as Writable;
  // The shell may have been killed by a later attempt: the exit code tells it.
  go.on('error', () => undefined);
  go.end('go\n');
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}
