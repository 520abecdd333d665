/**
 * The kill matrix: workers that kill themselves at every point of every activity, many environments at once, and what came
 * of it: what was lost, doubled or stuck, and how long it took until another worker went on.
 */
import { join } from 'node:path';
import { p99 } from '../../bench/figures.ts';
import { openFaults, type Armed, type Faults, type Line } from '../_support/faults.ts';
import { until } from '../_support/until.ts';
import { openWorkerPool } from '../_support/worker-pool.ts';
import { cellsOf, openCells, type Cell, type Cells } from './cells.ts';
import { live, type Findings } from './life.ts';
import { openWorld, type World } from './world.ts';

export interface KillOptions {
  sizes: Size[];
  workers: number;
  /** Whether the sweep's worker is killed too: that takes a minute and a half. */
  sweep: boolean;
  say(line: string): void;
}

export interface Size {
  components: number;
  /** How often all of its cells are gone through. */
  rounds: number;
  /** Environments at once. */
  atOnce: number;
  /** Which of the cells. @default all */
  only?(cell: Cell): boolean;
}

export interface KillReport extends Findings {
  kills: number;
  /** From each kill to the moment at which another worker went on, ms: of operations, and of the sweep. */
  resumes: number[];
  sweepResumes: number[];
  /** Kills after which nobody went on. */
  unresumed: Armed[];
  /** Cells in which no worker died. */
  unreached: Cell[];
}

/**
 * max(heartbeat time-out 10 s, startToClose of a short activity 10 s, sticky 2 s + workflow task 5 s) + 5 s. A sweep's
 * heartbeat time-out is 30 s.
 */
export const RESUME_MS = 15_000;
export const SWEEP_RESUME_MS = 35_000;

/** No further life is begun after that; a life takes minutes. */
const MAX_MS = 2 * 3_600_000;

export async function runKillMatrix({ sizes, workers, sweep, say }: KillOptions): Promise<KillReport> {
  const findings: Findings = { accepted: 0, lost: [], duplicated: [], stuck: [] };
  await using world = await openWorld({
    env: { SLIPWAY_HEALTH_INTERVAL_SECONDS: '5', SLIPWAY_QUOTA_ENVIRONMENTS: '1000' },
  });
  await world.platform.platform.children.worker?.stop();
  const faults = openFaults(join(world.platform.home, 'faults'));
  await using pool = await openWorkerPool(world.platform, { size: workers, folder: faults.folder });
  const ready = async () => {
    await until(() => pool.polling() >= workers - 2, { what: 'the workers to poll', timeoutMs: 600_000 });
  };
  const swept = sweep ? await sweepIsKilled(world, faults) : null;
  const unreached = (
    await Promise.all(sizes.map((size) => runSize(size, { world, faults, findings, ready, say })))
  ).flat();
  if (swept) await sweepIsKilledAtItsEnd(world, faults, swept);
  findings.stuck.push(...pool.faults);
  return { ...findings, ...resumesOf(faults.lines()), unreached };
}

interface Run {
  world: World;
  faults: Faults;
  findings: Findings;
  ready(): Promise<void>;
  say(line: string): void;
}

async function runSize({ components, rounds, atOnce, only = () => true }: Size, run: Run): Promise<Cell[]> {
  const all = Array.from({ length: rounds }, () => cellsOf(components)).flat();
  const cells = openCells(all.filter(only));
  const endsAt = Date.now() + MAX_MS;
  let lives = 0;
  const liveOn = async () => {
    while (cells.left() > 0 && Date.now() < endsAt && run.findings.stuck.length === 0) {
      lives += 1;
      await live({ ...run, cells, components, name: `size-${components}-${lives}` });
      tell(run, cells, components);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, liveOn));
  return cells.unreached();
}

function tell({ faults, findings, say }: Run, cells: Cells, components: number): void {
  const kills = faults.lines().filter(({ kind }) => kind === 'fault').length;
  const { lost, duplicated, stuck } = findings;
  const found = `${lost.length} lost, ${duplicated.length} doubled, ${stuck.length} stuck`;
  say(`${kills} kills so far, ${found}; ${cells.left()} cells of ${components} components to come`);
}

/** Something is live, so there is a sweep; its worker dies before the turn, and in it. @returns the environment */
async function sweepIsKilled(world: World, faults: Faults): Promise<string> {
  const subject = 'health';
  const points = ['before', 'health it'] as const;
  for (const point of points) faults.arm({ subject, activity: 'sweepDue', point });
  const environmentId = await world.operator.provision('swept');
  await world.operator.ended(await world.operator.deploy({ environmentId, version: '1.4.1' }));
  for (const point of points) await dead(faults, { subject, activity: 'sweepDue', point });
  return environmentId;
}

/** Nothing is live any more: the sweep ends, and its worker dies before it can say so. */
async function sweepIsKilledAtItsEnd(world: World, faults: Faults, environmentId: string): Promise<void> {
  const end = { subject: 'health', activity: 'sweepDue', point: 'end' } as const;
  faults.arm(end);
  const { operationId } = await world.post(`/v1/runtime/environments/${environmentId}/decommission`);
  await world.ended(operationId, 120_000);
  await dead(faults, end);
  const sweep = world.client.workflow.getHandle('sweep/health');
  const hasEnded = async () => (await sweep.describe()).status.name === 'COMPLETED';
  await until(hasEnded, { what: 'the sweep to end', timeoutMs: 120_000, everyMs: 500 });
}

async function dead(faults: Faults, armed: Armed): Promise<void> {
  await until(() => faults.hasFired(armed), { what: `a worker to die ${armed.point}`, timeoutMs: 180_000 });
}

/** Somebody went on when the next activity of what was worked for has begun: the one that was lost, or what comes instead. */
function resumesOf(lines: Line[]): Pick<KillReport, 'kills' | 'resumes' | 'sweepResumes' | 'unresumed'> {
  const report = { kills: 0, resumes: [] as number[], sweepResumes: [] as number[], unresumed: [] as Armed[] };
  lines.forEach((line, index) => {
    if (line.kind !== 'fault') return;
    report.kills += 1;
    const next = lines.slice(index).find((later) => later.kind === 'start' && later.subject === line.subject);
    if (!next) report.unresumed.push(line);
    else if (line.activity !== 'sweepDue') report.resumes.push(next.at - line.at);
    else report.sweepResumes.push(next.at - line.at - pauseMs(line.attempt));
  });
  return report;
}

/** What Temporal waits before it gives the activity of a sweep out again, which dies with workers that die of other things. */
function pauseMs(attempt: number): number {
  return Math.min(30_000, 1_000 * 2 ** (attempt - 1));
}

/** What misses its bound; empty: the matrix holds. */
export function missesOf(report: KillReport, leastKills: number): string[] {
  const { kills, lost, duplicated, stuck, unresumed, unreached, resumes, sweepResumes } = report;
  const late = (of: number[], bound: number) => p99(of) > bound && `p99 of resuming is ${p99(of)} ms, not ${bound}`;
  return [
    ...[...lost, ...duplicated, ...stuck],
    ...unresumed.map(({ activity, point, subject }) => `nobody went on after ${activity} ${point} of ${subject}`),
    ...unreached.map(({ step, activity, point }) => `no worker died in ${step} at ${activity} ${point}`),
    ...(kills < leastKills ? [`${kills} kills, not ${leastKills}`] : []),
    ...[late(resumes, RESUME_MS), late(sweepResumes, SWEEP_RESUME_MS)].filter((miss) => miss !== false),
  ];
}

export function resultOf(report: KillReport): string {
  const { kills, accepted, lost, duplicated, stuck, resumes, sweepResumes } = report;
  const told = (of: number[]) => `p50 ${median(of)}, p99 ${p99(of)}, most ${Math.max(0, ...of)} ms`;
  const found = `${lost.length} lost, ${duplicated.length} doubled, ${stuck.length} stuck`;
  const sweeps = sweepResumes.length > 0 ? `; the sweep ${told(sweepResumes)} (bound ${SWEEP_RESUME_MS})` : '';
  return `kill matrix: ${kills} kills in ${accepted} operations: ${found}; resumed: ${told(resumes)} (bound ${RESUME_MS})${sweeps}`;
}

function median(of: number[]): number {
  return of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;
}
