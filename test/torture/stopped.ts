/**
 * Workers that stand still right before a call to the outside, past their heartbeat time-out, until another one has done
 * their work; and then go on and make the call. It has to be refused, and what is there has to stay as it is.
 */
import { join } from 'node:path';
import { openFaults, type Armed, type Faults, type Line } from '../_support/faults.ts';
import { release, serviceIdOf } from '../_support/journal.ts';
import { until } from '../_support/until.ts';
import { openWorkerPool } from '../_support/worker-pool.ts';
import { runningWorkloads } from '../_support/workloads.ts';
import { environmentBody, keyOf, openWorld, QUICK, type World } from './world.ts';

export interface StoppedOptions {
  /** Workers that are stopped, beside one for each environment's provision. */
  rounds: number;
  environments: number;
  workers: number;
  say(line: string): void;
}

export interface StoppedReport {
  /** By the call that was made too late. */
  refused: Record<string, number>;
  stopped: number;
  misses: string[];
}

/** An update in which a worker stands still at one of these. */
const POINTS: Pick<Armed, 'activity' | 'point'>[] = [
  { activity: 'rollOut', point: `before ensure ${serviceIdOf(0)}` },
  { activity: 'rollOut', point: `before shiftTraffic ${serviceIdOf(0)}` },
  { activity: 'rollOut', point: `before scale ${serviceIdOf(0)}` },
  { activity: 'promote', point: `before retire ${serviceIdOf(0)}` },
];
const OVER_MS = 300_000;

interface Run {
  world: World;
  faults: Faults;
  report: StoppedReport;
}

export async function runStopped({ rounds, environments, workers, say }: StoppedOptions): Promise<StoppedReport> {
  await using world = await openWorld();
  await world.platform.platform.children.worker?.stop();
  const faults = openFaults(join(world.platform.home, 'faults'));
  await using pool = await openWorkerPool(world.platform, { size: workers, folder: faults.folder });
  const report: StoppedReport = { refused: {}, stopped: 0, misses: [] };
  const run: Run = { world, faults, report };
  let left = rounds;
  const inOne = async (_: unknown, at: number) => {
    const environmentId = await provision(run, `stopped-${at}`);
    for (let round = 1; left > 0 && report.misses.length === 0; round += 1) {
      left -= 1;
      await update(run, environmentId, { round, ...POINTS[left % POINTS.length] });
      say(resultOf(report));
    }
  };
  await Promise.all(Array.from({ length: environments }, inOne));
  report.misses.push(...pool.faults);
  return report;
}

async function provision(run: Run, name: string): Promise<string> {
  const { world, faults } = run;
  const { operationId, body } = await world.post('/v1/runtime/environments', environmentBody(name));
  const { environmentId = '' } = body;
  const armed: Armed = { subject: environmentId, activity: 'provisionStack', point: 'before up it' };
  faults.arm(armed, 'SIGSTOP');
  await expectRefusal(run, armed, operationId);
  await deploy(run, environmentId, 0);
  return environmentId;
}

async function update(
  run: Run,
  environmentId: string,
  { round, activity = '', point = 'before' }: { round: number } & Partial<Armed>,
): Promise<void> {
  const armed: Armed = { subject: environmentId, activity, point };
  run.faults.arm(armed, 'SIGSTOP');
  await expectRefusal(run, armed, await post(run, environmentId, round));
}

async function deploy(run: Run, environmentId: string, round: number): Promise<void> {
  const operationId = await post(run, environmentId, round);
  await run.world.ended(operationId, OVER_MS);
  await run.world.idle(environmentId, OVER_MS);
}

async function post({ world }: Run, environmentId: string, round: number): Promise<string> {
  const components = release({ home: world.platform.home, environmentId, count: 1, round });
  const request = { environmentId, releaseRef: `round-${round}`, components, rollout: QUICK };
  return (await world.post('/v1/runtime/deployments', request)).operationId;
}

/** Somebody else has brought the operation to its end; then the worker that stood still goes on. */
async function expectRefusal({ world, faults, report }: Run, armed: Armed, operationId: string): Promise<void> {
  const { subject, activity, point } = armed;
  const { phase, failure } = await world.ended(operationId, OVER_MS);
  await world.idle(subject, OVER_MS);
  if (phase !== 'Completed') report.misses.push(`${operationId} ended ${phase} ${JSON.stringify(failure)}`);
  const before = await look(world, subject);
  const isIt = (line: Line) => line.subject === subject && line.activity === activity;
  const fault = faults.lines().findLast((line) => isIt(line) && line.kind === 'fault');
  if (faults.disarm(armed) || !fault) {
    report.misses.push(`no worker stood still ${point} of ${subject}`);
    return;
  }
  report.stopped += 1;
  process.kill(fault.pid, 'SIGCONT');
  const since = () => faults.lines().filter((line) => isIt(line) && line.pid === fault.pid && line.at >= fault.at);
  await until(() => since().some(({ kind }) => kind === 'finish'), {
    what: 'the zombie to give up',
    timeoutMs: OVER_MS,
  });
  const outcome = since().find((line) => line.kind === 'outcome');
  const call = `${activity} ${point}`.replace(/ (svc-\d+|it)$/, '');
  report.refused[call] ??= 0;
  if (outcome?.outcome === 'FenceRefused') report.refused[call] += 1;
  else report.misses.push(`${point} of ${subject}: ${outcome?.outcome}`);
  const after = await look(world, subject);
  if (after !== before) report.misses.push(`${point} of ${subject}: was ${before}, is ${after}`);
}

async function look({ platform, compute, operator }: World, environmentId: string): Promise<string> {
  const running = runningWorkloads(platform.home).filter((workload) => workload.environmentId === environmentId);
  const { inventory, status } = await operator.environment(environmentId);
  // Not its revision: how healthy its services are found is told in between.
  const { services, deploymentId } = inventory;
  return JSON.stringify([running, await compute.observe(keyOf(environmentId)), status, services, deploymentId]);
}

export function missesOf({ refused, stopped, misses }: StoppedReport): string[] {
  const all = Object.values(refused).reduce((sum, count) => sum + count, 0);
  return all === stopped ? misses : [...misses, `${all} of ${stopped} refused`];
}

export function resultOf({ refused, stopped }: StoppedReport): string {
  const each = Object.entries(refused).map(([call, count]) => `${call} ${count}`);
  return `stopped workers: ${stopped} went on too late, refused: ${each.join(', ')}`;
}
