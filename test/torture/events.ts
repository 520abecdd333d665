/** What a deployment costs Temporal, counted from the histories of real ones of several sizes; and what its lane adds. */
import { Client as Postgres } from 'pg';
import { release } from '../_support/journal.ts';
import { countHistory, type HistoryCounts } from '../_support/history-counts.ts';
import { environmentBody, openWorld, QUICK, type World } from './world.ts';

export interface Measured {
  components: number;
  what: 'first' | 'update';
  deployment: HistoryCounts;
  /** Of the lane, which was idle before and after it. */
  lane: HistoryCounts;
}

export interface EventsReport {
  measured: Measured[];
  /** Of one run of a lane that found so many waiting, the events of each. */
  burst: { operations: number; laneEventsEach: number };
}

export interface EventsOptions {
  sizes: number[];
  /** How many are posted at once to one lane. */
  burst: number;
  say(line: string): void;
}

export const MOST_EVENTS = 45;
export const MOST_ACTIONS = 14;
export const MOST_LANE_EVENTS = 20;

/** A larger one is deployed once: an update of it has twice the processes. */
const UPDATED_UP_TO = 20;
/** Of the services that the ports of an environment are enough for. */
const SERVICES_OF_A_BLOCK = 50;
const ENDED_MS = 900_000;

export async function measureEvents({ sizes, burst, say }: EventsOptions): Promise<EventsReport> {
  await using world = await openWorld();
  const measured: Measured[] = [];
  for (const components of sizes) {
    const environmentId = await provision(world, `size-${components}`);
    if (components > SERVICES_OF_A_BLOCK) await widenPorts(world, environmentId, components);
    for (const what of components > UPDATED_UP_TO ? (['first'] as const) : (['first', 'update'] as const)) {
      const one = { components, what, ...(await deploy(world, environmentId, { components, what })) };
      measured.push(one);
      say(lineOf(one));
    }
    await decommission(world, environmentId);
  }
  const report = { measured, burst: await measureBurst(world, burst) };
  say(`lane with ${report.burst.operations} waiting: ${report.burst.laneEventsEach.toFixed(1)} events each`);
  return report;
}

async function provision(world: World, name: string): Promise<string> {
  const { operationId, body } = await world.post('/v1/runtime/environments', environmentBody(name));
  await world.ended(operationId, ENDED_MS);
  const { environmentId = '' } = body;
  await world.idle(environmentId, ENDED_MS);
  return environmentId;
}

/** A block of ports is enough for fifty services; nobody has the blocks behind the last one. */
async function widenPorts(world: World, environmentId: string, services: number): Promise<void> {
  const sql = new Postgres({ connectionString: world.platform.config.databaseUrl });
  await sql.connect();
  try {
    await sql.query(
      "update environments set outputs = jsonb_set(outputs, '{portCount}', to_jsonb($2::int)) where id = $1",
      [environmentId, services * 4],
    );
  } finally {
    await sql.end();
  }
}

async function deploy(
  world: World,
  environmentId: string,
  { components: count, what }: Pick<Measured, 'components' | 'what'>,
): Promise<Pick<Measured, 'deployment' | 'lane'>> {
  const { home } = world.platform;
  const components = release({ home, environmentId, count, round: what === 'first' ? 1 : 2 });
  const request = { environmentId, releaseRef: what, components, rollout: QUICK };
  const { operationId } = await world.post('/v1/runtime/deployments', request);
  const { phase, failure } = await world.ended(operationId, ENDED_MS);
  if (phase !== 'Completed') throw new Error(`${operationId} ended ${phase}: ${JSON.stringify(failure)}`);
  await world.idle(environmentId, ENDED_MS);
  return { deployment: await counted(world, operationId), lane: await counted(world, `lane/${environmentId}`) };
}

/** Of the latest run. */
async function counted({ client }: World, workflowId: string): Promise<HistoryCounts> {
  return countHistory(await client.workflow.getHandle(workflowId).fetchHistory());
}

async function decommission(world: World, environmentId: string): Promise<void> {
  const { operationId } = await world.post(`/v1/runtime/environments/${environmentId}/decommission`);
  await world.ended(operationId, ENDED_MS);
  await world.idle(environmentId, ENDED_MS);
}

/** The same release again and again: nothing moves, and the lane has one after the other. */
async function measureBurst(world: World, operations: number): Promise<EventsReport['burst']> {
  const environmentId = await provision(world, 'burst');
  await deploy(world, environmentId, { components: 1, what: 'first' });
  const components = release({ home: world.platform.home, environmentId, count: 1, round: 1 });
  const request = { environmentId, releaseRef: 'again', components, rollout: QUICK };
  const posts = Array.from({ length: operations }, () => world.post('/v1/runtime/deployments', request));
  for (const { operationId } of await Promise.all(posts)) await world.ended(operationId, ENDED_MS);
  await world.idle(environmentId, ENDED_MS);
  const { events, children } = await counted(world, `lane/${environmentId}`);
  return { operations: children, laneEventsEach: events / children };
}

export function lineOf({ components, what, deployment, lane }: Measured): string {
  const { events, actions, mostHeartbeats } = deployment;
  const cost = `${events} events, ${actions} actions and at most ${mostHeartbeats} heartbeats`;
  return `${String(components).padStart(4)} components, ${what.padEnd(6)}: ${cost}; lane ${lane.events} events, ${lane.actions} actions`;
}

/** What is over its bar. */
export function missesOf({ measured, burst }: EventsReport): string[] {
  const [least] = measured;
  const misses = measured.flatMap((one) => {
    const { deployment, lane, components } = one;
    const isLarge = components > SERVICES_OF_A_BLOCK;
    // Of a large one, one more activity of each phase is allowed, which is three events and an action.
    const more = isLarge ? Object.keys(least?.deployment.activities ?? {}).length : 0;
    const isOver =
      deployment.events > MOST_EVENTS + 3 * more ||
      deployment.actions > MOST_ACTIONS + more ||
      lane.events > MOST_LANE_EVENTS;
    const extra = Object.entries(deployment.activities).filter(
      ([name, count]) => count > (least?.deployment.activities[name] ?? 0) + (isLarge ? 1 : 0),
    );
    return [
      ...(isOver ? [lineOf(one)] : []),
      ...extra.map(([name, count]) => `${components} components, ${one.what}: ${count} of ${name}`),
    ];
  });
  if (burst.laneEventsEach > MOST_LANE_EVENTS) misses.push(`a lane has ${burst.laneEventsEach} events an operation`);
  return misses;
}
