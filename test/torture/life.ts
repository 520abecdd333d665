/**
 * The life of one environment while workers die over it: each operation that there is, one after the other, and after
 * each a look at whether it has ended as it should and what really runs.
 */
import { NOTHING, placesOf } from '../_support/environment-places.ts';
import type { Faults } from '../_support/faults.ts';
import { release, startsOf } from '../_support/journal.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';
import type { Cell, Cells, Step } from './cells.ts';
import { environmentBody, keyOf, QUICK, type OperationView, type World } from './world.ts';

/** What was found; each entry is a sentence. */
export interface Findings {
  accepted: number;
  /** Operations that did not end as they should, and environments that are not what their rows say. */
  lost: string[];
  duplicated: string[];
  stuck: string[];
}

export interface LifeOptions {
  world: World;
  faults: Faults;
  cells: Cells;
  findings: Findings;
  /** Resolves when there are about as many workers as there should be. */
  ready(): Promise<void>;
  name: string;
  components: number;
}

/** With every death in it an operation takes minutes; one that takes longer than this is stuck. */
const STUCK_MS = 600_000;
/** How long a sick release is given. Its replicas have answered long before. */
const SICK_SECONDS = 10;

interface Life extends LifeOptions {
  environmentId: string;
  round: number;
  /** Instances of the live release. */
  live: string[];
  /** How often each instance should have been started. */
  starts: Map<string, number>;
}

/** Goes through every step that has cells left. Ends early when something is stuck. */
export async function live(options: LifeOptions): Promise<void> {
  const { cells, findings, name } = options;
  try {
    const life = await provision(options, name);
    await deploy(life, 'first');
    if (cells.left('update') > 0) await deploy(life, 'update');
    if (cells.left('back') > 0) await goBack(life);
    if (cells.left('terminated') > 0) await terminate(life);
    if (cells.left('scan') > 0) await scan(life);
    if (cells.left('blocked') > 0) await block(life);
    await decommission(life);
    if (cells.left('unmade') > 0) await unmake(options, `${name}-unmade`);
  } catch (error) {
    findings.stuck.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function provision(options: LifeOptions, name: string): Promise<Life> {
  const { world, faults, cells } = options;
  await options.ready();
  const { operationId, body } = await world.post('/v1/runtime/environments', environmentBody(name));
  const { environmentId = '' } = body;
  const life: Life = { ...options, environmentId, round: 0, live: [], starts: new Map() };
  // Only now it has an id to arm for: what is done at once may be done by now.
  const taken = cells.take('provision');
  for (const cell of taken) faults.arm({ subject: environmentId, ...cell });
  await over(life, operationId, 'Completed');
  collect(life, taken);
  await expectPlaces(life, { folders: 1, portBlocks: 1, vaults: 1, roles: 1 });
  return life;
}

async function deploy(life: Life, step: 'first' | 'update'): Promise<void> {
  const before = life.live;
  await during(life, step, async () => {
    const operationId = await post(life, {});
    await over(life, operationId, 'Completed');
  });
  life.live = await liveInstances(life);
  if (before.some((instance) => life.live.includes(instance)) || life.live.length !== life.components) {
    life.findings.lost.push(`${life.name}: ${step} left ${life.live.join(', ')} live`);
  }
  for (const instance of life.live) life.starts.set(instance, 1);
  await verify(life, step);
}

async function goBack(life: Life): Promise<void> {
  await during(life, 'back', async () => {
    const operationId = await post(life, { isSick: true });
    await over(life, operationId, 'RolledBack HealthGateUnhealthy');
  });
  // All but the sick component had taken over, and what they replaced was taken down.
  startedAgain(life, life.live.slice(0, -1));
  await verify(life, 'back');
}

async function terminate(life: Life): Promise<void> {
  await during(life, 'terminated', async () => {
    // It is watched for an hour after it has taken over everywhere: until it is terminated.
    const operationId = await post(life, { bakeSeconds: 3_600 });
    const isWatched = async () => (await life.world.operation(operationId)).phase === 'HealthGating';
    await until(isWatched, { what: `${operationId} to be watched`, timeoutMs: STUCK_MS, everyMs: 200 });
    await life.world.client.workflow.getHandle(operationId).terminate('enough');
    await over(life, operationId, 'Failed OperationTerminated');
  });
  startedAgain(life, life.live);
  await verify(life, 'terminated');
}

async function scan(life: Life): Promise<void> {
  const { world, environmentId } = life;
  await during(life, 'scan', async () => {
    const { operationId } = await world.post(`/v1/runtime/drift/${environmentId}/scan`);
    await over(life, operationId, 'Completed');
  });
  const { body } = await world.operator.rest.get<{ findings: unknown[] }>(`/v1/runtime/drift/${environmentId}`);
  if (body.findings.length > 0) life.findings.lost.push(`${life.name}: drift ${JSON.stringify(body.findings)}`);
  await verify(life, 'scan');
}

/** Its worker dies before it has taken anything away, and by then its time is up. */
async function block(life: Life): Promise<void> {
  const { world, environmentId } = life;
  const forced: Cell[] = [{ step: 'blocked', activity: 'retireServices', point: 'before' }];
  await during(
    life,
    'blocked',
    async () => {
      const path = `/v1/runtime/environments/${environmentId}/decommission`;
      const { operationId } = await world.post(path, { progressDeadlineSeconds: 10 });
      await over(life, operationId, 'Failed ProgressDeadlineExceeded');
    },
    forced,
  );
  // How far it had come is not known, and nothing of it is brought back: the next one goes on from there.
}

async function decommission(life: Life): Promise<void> {
  const { world, environmentId } = life;
  await during(life, 'decommission', async () => {
    const { operationId } = await world.post(`/v1/runtime/environments/${environmentId}/decommission`);
    await over(life, operationId, 'Completed');
  });
  life.live = [];
  await verify(life, 'decommission');
  await expectPlaces(life, NOTHING);
}

/** A provision that is terminated when its stack is up and its row does not know it yet. */
async function unmake(options: LifeOptions, name: string): Promise<void> {
  const { world, faults, cells } = options;
  await options.ready();
  const { operationId, body } = await world.post('/v1/runtime/environments', environmentBody(name));
  const { environmentId = '' } = body;
  const life: Life = { ...options, name, environmentId, round: 0, live: [], starts: new Map() };
  const up = { subject: environmentId, activity: 'provisionStack', point: 'up it' } as const;
  faults.arm(up);
  const taken = cells.take('unmade');
  for (const cell of taken) faults.arm({ subject: environmentId, ...cell });
  await until(() => faults.hasFired(up), { what: `the stack of ${name} to be up`, timeoutMs: STUCK_MS });
  await world.client.workflow.getHandle(operationId).terminate('enough');
  await over(life, operationId, 'Failed OperationTerminated');
  collect(life, taken);
  await expectPlaces(life, NOTHING);
}

interface Wanted {
  isSick?: boolean;
  bakeSeconds?: number;
}

async function post(life: Life, { isSick = false, bakeSeconds = 0 }: Wanted): Promise<string> {
  const { world, environmentId, components: count } = life;
  life.round += 1;
  const components = release({ home: world.platform.home, environmentId, count, round: life.round, isSick });
  const clocks = { ...QUICK, ...(isSick && { healthyDeadlineSeconds: SICK_SECONDS }) };
  const rollout = { ...clocks, bakeSeconds, progressDeadlineSeconds: 7_200 };
  const request = { environmentId, releaseRef: `round-${life.round}`, components, rollout };
  return (await world.post('/v1/runtime/deployments', request)).operationId;
}

async function during(life: Life, step: Step, act: () => Promise<void>, forced: Cell[] = []): Promise<void> {
  await life.ready();
  const taken = life.cells.take(step);
  for (const cell of [...forced, ...taken]) life.faults.arm({ subject: life.environmentId, ...cell });
  await act();
  collect(life, taken);
}

/** What was not reached goes back. */
function collect({ faults, cells, environmentId }: Life, taken: Cell[]): void {
  for (const cell of taken) if (faults.disarm({ subject: environmentId, ...cell })) cells.giveBack(cell);
}

/** The operation has ended like this, and its lane has done what was left to do after it. */
async function over(life: Life, operationId: string, wanted: string): Promise<void> {
  const { world, findings, name, environmentId } = life;
  findings.accepted += 1;
  const end = endOf(await world.ended(operationId, STUCK_MS));
  if (end !== wanted) findings.lost.push(`${name}: ${operationId} ended ${end}, not ${wanted}`);
  await world.idle(environmentId, STUCK_MS);
}

function endOf({ phase, failure }: OperationView): string {
  return failure ? `${phase} ${failure.code}` : phase;
}

function startedAgain({ starts }: Life, instances: string[]): void {
  for (const instance of instances) starts.set(instance, (starts.get(instance) ?? 0) + 1);
}

async function liveInstances({ world, environmentId }: Life): Promise<string[]> {
  const { body } = await world.operator.rest.get<{
    inventory: { services: { serviceId: string; revision: string }[] };
  }>(`/v1/runtime/environments/${environmentId}`);
  return body.inventory.services.map(({ serviceId, revision }) => `${serviceId}-${revision}-0`).sort();
}

/**
 * What runs is the live release, each replica of it once; and nothing was started more often than it had to be, by the
 * count of what was started and by the supervisor's own.
 */
async function verify(life: Life, step: Step): Promise<void> {
  const { world, environmentId, findings, name, starts } = life;
  const { home } = world.platform;
  const rows = await liveInstances(life);
  const running = runningWorkloads(home)
    .filter((workload) => workload.environmentId === environmentId)
    .map(({ instance }) => instance)
    .sort();
  if (String(running) !== String(life.live) || String(rows) !== String(life.live)) {
    findings.lost.push(`${name} after ${step}: ${running.join(' ')} run, ${rows.join(' ')} are in the rows`);
  }
  for (const [instance, count] of startsOf(home, environmentId)) {
    const wanted = starts.get(instance) ?? 1;
    if (count > wanted) findings.duplicated.push(`${name} after ${step}: ${instance} was started ${count} times`);
    if (count < wanted) findings.lost.push(`${name} after ${step}: ${instance} was started ${count} times`);
  }
  for (const { serviceId } of await world.compute.observe(keyOf(environmentId))) {
    for (const { instanceId, restarts } of await world.compute.instances({ ...keyOf(environmentId), serviceId })) {
      if (restarts > 0) findings.duplicated.push(`${name} after ${step}: ${instanceId} was restarted`);
    }
  }
}

async function expectPlaces(
  { world, environmentId, findings, name }: Life,
  wanted: Record<string, number> | typeof NOTHING,
) {
  const places = (await placesOf(world.platform, environmentId)) as unknown as Record<string, number>;
  for (const [place, count] of Object.entries(wanted) as [string, number][]) {
    const there = places[place] ?? 0;
    if (there > count) findings.duplicated.push(`${name}: ${there} ${place} instead of ${count}`);
    if (there < count) findings.lost.push(`${name}: ${there} ${place} instead of ${count}`);
  }
}
