/**
 * Zombies: attempts that go on after a later one has begun. Every write of theirs has to be refused, by each driver that
 * keeps fences and by the rows, and what is there has to stay as it is.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { Client as Postgres } from 'pg';
import { prepareActivities } from '../../activities/prepare.ts';
import { rolloutActivities } from '../../activities/rollout.ts';
import { specOf } from '../../activities/stack-spec.ts';
import { openStacks } from '../../bin/stacks.ts';
import { openDatabase, type Database } from '../../db/client.ts';
import { claimFence, findEnvironment } from '../../db/environments.ts';
import { takeNext } from '../../db/lane.ts';
import { OperationFault } from '../../domain/failures.ts';
import type { EnvironmentKey, OperationId, OperationKey } from '../../domain/ids.ts';
import type { ComputeTarget, RevisionSpec } from '../../providers/compute/port.ts';
import { aroundCalls } from '../_support/around-calls.ts';
import { placesOf } from '../_support/environment-places.ts';
import { release } from '../_support/journal.ts';
import { runningWorkloads } from '../_support/workloads.ts';
import { keyOf, QUICK, openWorld, type World } from './world.ts';

export interface ZombieOptions {
  /** Stale writes of each kind. */
  rounds: number;
  say(line: string): void;
}

export interface ZombieReport {
  /** By what was written: how many were refused. */
  refused: Record<string, number>;
  rounds: number;
  /** Sentences: what was not refused, or changed all the same. */
  misses: string[];
}

/** Real runs of the engine take seconds: so many stale ones come after each. */
const STALE_PER_RUN = 10;

interface Haunted {
  world: World;
  db: Database;
  key: EnvironmentKey;
  report: ZombieReport;
}

export async function runZombies({ rounds, say }: ZombieOptions): Promise<ZombieReport> {
  const report: ZombieReport = { refused: {}, rounds, misses: [] };
  await using world = await openWorld();
  const key = keyOf(await world.operator.provision('haunted'));
  const { operationId } = await world.post('/v1/runtime/deployments', requestOf(world, key, 1));
  await world.ended(operationId, 120_000);
  await world.idle(key.environmentId, 60_000);
  // From here on every attempt is ours.
  await world.platform.platform.children.worker?.stop();
  await using db = openDatabase({ url: world.platform.config.databaseUrl });
  const haunted: Haunted = { world, db, key, report };
  await hauntProcesses(haunted);
  say(resultOf(report));
  await hauntStack(haunted);
  say(resultOf(report));
  await hauntRows(haunted);
  return report;
}

function requestOf({ platform: { home } }: World, { environmentId }: EnvironmentKey, round: number) {
  const components = release({ home, environmentId, count: 1, round });
  return { environmentId, releaseRef: `round-${round}`, components, rollout: QUICK };
}

/** As an attempt does that begins. */
async function claim(db: Database, key: EnvironmentKey): Promise<number> {
  return await db.forTenant(key.tenantId, (tx) => claimFence(tx, key));
}

/** The target `process`: supervisor and proxy, also after both were killed and have read their fences from disk. */
async function hauntProcesses({ world, db, key, report }: Haunted): Promise<void> {
  const { compute } = world;
  const { platform } = world.platform;
  const spec = liveSpec(world);
  const { workload, revision } = spec;
  const look = async () => [
    await compute.observe(key),
    await compute.instances(workload),
    runningWorkloads(world.platform.home),
  ];
  for (let round = 0; round < report.rounds; round += 1) {
    if (round === Math.floor(report.rounds / 2)) {
      for (const part of ['supervisor', 'proxy'] as const) {
        platform.children[part]?.kill('SIGKILL');
        await platform.restart(part);
      }
    }
    const [stale, newer] = [await claim(db, key), await claim(db, key)];
    await compute.ensure(spec, newer);
    const before = await look();
    const writes: Record<string, () => Promise<unknown>> = {
      ensure: () => compute.ensure({ ...spec, replicas: 2 }, stale),
      scale: () => compute.scale(workload, revision, 0, stale),
      shiftTraffic: () => compute.shiftTraffic(workload, { [revision]: 100 }, stale),
      retire: () => compute.retire(workload, revision, stale),
      unroute: () => compute.unroute(workload, stale),
    };
    for (const [name, write] of Object.entries(writes)) await expectRefused(report, `process ${name}`, write);
    expectSame(report, `round ${round} of the processes`, before, await look());
  }
}

/** As the supervisor has it on disk. */
function liveSpec({ platform: { home } }: World): RevisionSpec {
  const [file = ''] = globSync(join(home, 'supervisor', 'services', '*', '*', 'revisions', '*', 'revision.json'));
  return (JSON.parse(readFileSync(file, 'utf8')) as { spec: RevisionSpec }).spec;
}

/** The engine of stacks: a later run is on record. */
async function hauntStack({ world, db, key, report }: Haunted): Promise<void> {
  const stacks = openStacks(world.platform.config);
  const environment = await db.forTenant(key.tenantId, (tx) => findEnvironment(tx, key));
  if (!environment) throw new Error('there is no environment to haunt');
  const spec = specOf(environment);
  const look = async () => [await stacks.outputs(spec), await placesOf(world.platform, key.environmentId)];
  const before = await look();
  for (let done = 0; done < report.rounds; done += STALE_PER_RUN) {
    const stale: number[] = [];
    while (stale.length < Math.min(STALE_PER_RUN, report.rounds - done)) stale.push(await claim(db, key));
    await stacks.up(spec, runOf(await claim(db, key)));
    for (const fence of stale) {
      await expectRefused(report, 'stack up', () => stacks.up(spec, runOf(fence)));
      await expectRefused(report, 'stack destroy', () => stacks.destroy(spec, runOf(fence)));
    }
  }
  expectSame(report, 'the stack', before, await look());
}

const runOf = (fence: number) => ({ fence, signal: new AbortController().signal, onProgress: () => undefined });

/** The rows: real steps of a deployment whose next attempt begins right before they write. */
async function hauntRows({ world, db, key, report }: Haunted): Promise<void> {
  const { operationId } = await world.post('/v1/runtime/deployments', requestOf(world, key, 2));
  const input: OperationKey = { ...key, operationId: operationId as OperationId };
  const { kind } = await db.forTenant(key.tenantId, (tx) => takeNext(tx, key));
  if (kind !== 'run') throw new Error(`the deployment was not claimed: ${kind}`);
  const sql = new Postgres({ connectionString: world.platform.config.databaseUrl });
  await sql.connect();
  try {
    let before: unknown;
    /** The target, with which the next attempt begins as soon as this call has returned. */
    const overtaken = (call: keyof ComputeTarget) =>
      aroundCalls(world.compute, [call], async (_call, _about, go) => {
        const result = await go();
        await claim(db, key);
        before = await rowsOf(sql, input);
        return result;
      });
    const steps: [string, (compute: ComputeTarget) => Promise<unknown>, keyof ComputeTarget][] = [
      ['prepare', (compute) => prepareActivities(db, compute).prepare(input), 'resolve'],
      ['rollOut', (compute) => rolloutActivities(db, compute).rollOut(input), 'ensure'],
      ['promote', (compute) => rolloutActivities(db, compute).promote(input), 'observe'],
    ];
    for (const [name, step, call] of steps) {
      if (name === 'promote') await attempt(() => rolloutActivities(db, world.compute).watchGate(input));
      for (let round = 0; round < report.rounds; round += 1) {
        await expectRefused(report, `rows of ${name}`, () => attempt(() => step(overtaken(call))));
        expectSame(report, `round ${round} of the rows of ${name}`, before, await rowsOf(sql, input));
      }
      // Nobody is behind this one: it writes.
      await attempt(() => step(world.compute));
    }
  } finally {
    await sql.end();
  }
}

/** What is refused fails its activity, and is to: it is not told. */
const logger = new DefaultLogger('ERROR');
const attempt = <T>(step: () => Promise<T>): Promise<T> => new MockActivityEnvironment({}, { logger }).run(step);

/** All that a deployment writes, and not how high the fence is. */
async function rowsOf(sql: Postgres, { environmentId, operationId }: OperationKey): Promise<unknown> {
  const { rows } = await sql.query(
    `select (select to_jsonb(e) - 'fence' - 'updated_at' from environments e where id = $1) as environment,
            (select to_jsonb(o) from operations o where id = $2) as operation,
            (select to_jsonb(d) from deployments d where operation_id = $2) as deployment,
            (select jsonb_agg(to_jsonb(c) order by service_id) from components c
              where deployment_id = (select id from deployments where operation_id = $2)) as components,
            (select count(*) from snapshots where environment_id = $1) as snapshots,
            (select jsonb_agg(to_jsonb(s) order by service_id) from services s where environment_id = $1) as services`,
    [environmentId, operationId],
  );
  return rows;
}

async function expectRefused(report: ZombieReport, what: string, write: () => Promise<unknown>): Promise<void> {
  report.refused[what] ??= 0;
  try {
    await write();
    report.misses.push(`${what} was not refused`);
  } catch (error) {
    if (codeOf(error) === 'FenceRefused') report.refused[what] += 1;
    else report.misses.push(`${what} failed of something else: ${String(error)}`);
  }
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof OperationFault) return error.failure.code;
  return error instanceof ApplicationFailure ? (error.type ?? undefined) : undefined;
}

function expectSame(report: ZombieReport, what: string, before: unknown, after: unknown): void {
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
  if (was !== is) report.misses.push(`${what}: was ${was}, is ${is}`);
}

export function missesOf({ refused, rounds, misses }: ZombieReport): string[] {
  const few = Object.entries(refused).filter(([, count]) => count < rounds);
  return [...misses, ...few.map(([what, count]) => `${what}: ${count} of ${rounds} refused`)];
}

export function resultOf({ refused, rounds }: ZombieReport): string {
  const each = Object.entries(refused).map(([what, count]) => `${what} ${count}`);
  return `zombies, stale writes refused of ${rounds} each: ${each.join(', ')}`;
}
