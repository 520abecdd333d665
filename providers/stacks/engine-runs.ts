/**
 * The record of the engine's runs on a stack: runsFolder/<stack>/<fence>-<runId>.json, written before the engine starts.
 * It is how a later attempt knows what it has to stop, whose lock it may take away, and that it is itself too late.
 */
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { OperationFault } from '../../domain/failures.ts';
import { isErrno, writeDurably } from '../durable-file.ts';
import { killRun, processesOfRun, processStartTime, stopRun, type StoppableRun } from './engine-process.ts';

export interface EngineRun extends StoppableRun {
  /** `<project>/<stack>` */
  stack: string;
  fence: number;
  host: string;
  processStartTime: string;
  startedAt: string;
  /** Set when the engine ended by itself, with its exit code: then it left no lock and nothing half done. */
  ended?: { at: string; exitCode: number };
}

/** Where the runs of all stacks are recorded, and whose. */
export interface RunsOfStack {
  runsFolder: string;
  stack: string;
}

export async function recordRun(runsFolder: string, run: EngineRun): Promise<void> {
  const folder = folderOf({ runsFolder, stack: run.stack });
  await mkdir(folder, { recursive: true });
  await writeDurably(join(folder, fileOf(run)), `${JSON.stringify(run)}\n`);
}

/** Every recorded run of the stack, the highest fence first. */
export async function readRuns(of: RunsOfStack): Promise<EngineRun[]> {
  const folder = folderOf(of);
  const files = await readdir(folder).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  const texts = await Promise.all(
    files
      .filter((file) => file.endsWith('.json') && !file.startsWith('.'))
      // A record may be pruned between the listing and the reading.
      .map(async (file) => await readFile(join(folder, file), 'utf8').catch(() => null)),
  );
  const runs = texts.filter((text) => text !== null).map((text) => JSON.parse(text) as EngineRun);
  return runs.sort((a, b) => b.fence - a.fence);
}

/** Forgets the runs before `last` that `which` names. `last` itself stays and says how high the fence has been. */
export async function pruneRuns(
  runsFolder: string,
  last: EngineRun,
  which: (run: EngineRun) => boolean,
): Promise<void> {
  const earlier = (await readRuns({ runsFolder, stack: last.stack })).filter(
    (run) => run.fence <= last.fence && run.runId !== last.runId && which(run),
  );
  await Promise.all(earlier.map(async (run) => await rm(pathOfRun(runsFolder, run), { force: true })));
}

export function pathOfRun(runsFolder: string, run: EngineRun): string {
  return join(folderOf({ runsFolder, stack: run.stack }), fileOf(run));
}

export interface TakeOver {
  /** An earlier `up` failed, and none has succeeded since. */
  failed: boolean;
  /** Runs of this host that were broken off: each is proven dead now, and each may have left a lock and half a step. */
  broken: EngineRun[];
}

/**
 * Makes the stack ours: stops what earlier attempts left running here and proves it dead.
 * @param except our own run, when it is recorded already.
 * @throws OperationFault `FenceRefused` when a later attempt has been here.
 */
export async function takeOver(of: RunsOfStack, fence: number, graceMs: number, except?: string): Promise<TakeOver> {
  const others = (await readRuns(of)).filter((run) => run.runId !== except);
  const later = others.find((run) => run.fence > fence);
  if (later) {
    const message = `Attempt ${fence} on stack ${of.stack} comes too late: attempt ${later.fence} has been here`;
    throw new OperationFault({ code: 'FenceRefused', message });
  }
  const broken = others.filter((run) => !run.ended && run.host === hostname());
  for (const run of broken) {
    if ((await processStartTime(run.pid)) === run.processStartTime) await stopRun(run, graceMs);
    else await killRun(run.runId);
  }
  return { broken, failed: others.some(({ command, ended }) => command === 'up' && (ended?.exitCode ?? 0) !== 0) };
}

/** Whether a lock of this pid on this host is the leaving of a recorded run of ours that is proven dead. */
export async function isLeftByDeadRun(
  of: RunsOfStack,
  fence: number,
  lock: { pid: number; host: string },
): Promise<boolean> {
  if (lock.host !== hostname()) return false;
  const owners = (await readRuns(of)).filter(
    (run) => run.pid === lock.pid && run.host === lock.host && run.fence <= fence,
  );
  const living = await Promise.all(
    owners.map(
      async (run) =>
        (await processStartTime(run.pid)) === run.processStartTime || (await processesOfRun(run.runId)).length > 0,
    ),
  );
  return owners.length > 0 && !living.includes(true);
}

function folderOf({ runsFolder, stack }: RunsOfStack): string {
  return join(runsFolder, ...stack.split('/'));
}

function fileOf(run: EngineRun): string {
  return `${run.fence}-${run.runId}.json`;
}
