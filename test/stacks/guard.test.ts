import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesOfRun } from '../../providers/stacks/engine-process.ts';
import { type EngineRun, isLeftByDeadRun, readRuns, recordRun, takeOver } from '../../providers/stacks/engine-runs.ts';
import { type GuardedCommand, runGuarded } from '../../providers/stacks/guard.ts';
import { until } from '../_support/until.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'slw-guard-'))));
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const stack = 'slipway-t/booking';
const of = () => ({ runsFolder: join(folder, 'runs'), stack });

/** A guarded shell in the engine's place. */
function guarded(script: string, fence: number | null, stop = new AbortController()): Promise<number> {
  const command: GuardedCommand = {
    ...{ engine: '/bin/sh', args: ['-c', script], environment: { ...process.env }, graceMs: 300, stop: stop.signal },
    attempt: fence === null ? null : { ...of(), fence },
    ...{ stdout: new PassThrough().resume(), stderr: new PassThrough().resume() },
  };
  return runGuarded(command);
}

const living = async () => (await readRuns(of())).find(({ ended }) => !ended);

describe('the guard', { timeout: 30_000 }, () => {
  it('has the run on record, with the pid the engine will have, before the engine starts', async () => {
    const seen = join(folder, 'seen');
    expect(await guarded(`cat ${folder}/runs/${stack}/*.json > ${seen}; echo $$ >> ${seen}`, 7)).toBe(0);
    const [record = '', pid] = (await readFile(seen, 'utf8')).split('\n');
    expect(JSON.parse(record)).toMatchObject({ stack, fence: 7, host: hostname(), pid: Number(pid) });
    expect(await readRuns(of())).toMatchObject([{ fence: 7, ended: { exitCode: 0 } }]);
  });

  it('starts nothing when a later attempt is on record, and leaves no record of its own', async () => {
    await guarded('true', 9);
    const marker = join(folder, 'marker');
    await expect(guarded(`touch ${marker}`, 8)).rejects.toMatchObject({ failure: { code: 'FenceRefused' } });
    expect(existsSync(marker)).toBe(false);
    expect((await readRuns(of())).map(({ fence }) => fence)).toEqual([9]);
  });

  it('stops an earlier run with all it started, before its own engine starts', async () => {
    const early = guarded('sleep 600 & sleep 600', 1);
    const run = await until(async () => await living(), { what: 'the early run' });
    await until(async () => (await processesOfRun(run.runId)).length >= 3, { what: 'its children' });
    const late = guarded('true', 2);
    expect(await early).not.toBe(0);
    expect(await late).toBe(0);
    expect(await processesOfRun(run.runId)).toEqual([]);
  });

  it('kills an engine that does not end when it is asked to, and keeps the run on record as broken', async () => {
    const stop = new AbortController();
    const ready = join(folder, 'ready');
    const ended = guarded(`trap '' INT; touch ${ready}; while :; do sleep 1; done`, 3, stop);
    await until(() => existsSync(ready), { what: 'the engine to be deaf' });
    stop.abort();
    expect(await ended).toBe(137);
    expect((await takeOver(of(), 4, 300)).broken).toMatchObject([{ fence: 3 }]);
  });

  it('never starts an engine whose worker is gone already', async () => {
    const stop = new AbortController();
    stop.abort();
    const marker = join(folder, 'marker');
    expect(await guarded(`touch ${marker}`, 5, stop)).not.toBe(0);
    expect(existsSync(marker)).toBe(false);
  });

  it('takes only a lock whose recorded run is proven dead', async () => {
    const run: EngineRun = {
      ...{ stack, fence: 3, runId: 'dead', host: hostname(), pid: process.pid, processStartTime: 'another time' },
      ...{ command: 'up', startedAt: new Date().toISOString() },
    };
    await recordRun(of().runsFolder, run);
    const lock = { pid: run.pid, host: run.host };
    expect(await isLeftByDeadRun(of(), 4, lock)).toBe(true);
    expect(await isLeftByDeadRun(of(), 2, lock)).toBe(false);
    expect(await isLeftByDeadRun(of(), 4, { ...lock, pid: 1 })).toBe(false);
    expect(await isLeftByDeadRun(of(), 4, { ...lock, host: 'elsewhere' })).toBe(false);
  });

  it('keeps a broken run on record until somebody has cleaned up after it', async () => {
    const stop = new AbortController();
    const broken = guarded('exec sleep 600', 1, stop);
    const run = await until(async () => await living(), { what: 'the run' });
    process.kill(run.pid, 'SIGKILL');
    await broken;
    await guarded('true', 2);
    expect((await takeOver(of(), 3, 300)).broken).toHaveLength(1);
    const cleaning = ['-c', 'true', '--clear-pending-creates'];
    await runGuarded({
      ...{ engine: '/bin/sh', args: cleaning, environment: { ...process.env }, graceMs: 300 },
      ...{ attempt: { ...of(), fence: 4 }, stop: stop.signal, stdout: new PassThrough(), stderr: new PassThrough() },
    });
    expect((await takeOver(of(), 5, 300)).broken).toEqual([]);
  });
});
