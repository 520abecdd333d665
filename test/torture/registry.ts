/**
 * The image registry is away for a while, under deployments that are on their way and others that are asked for meanwhile.
 * In the embedded platform it is the store that the supervisor reads, a folder: it goes as a mount goes, and comes back with
 * what was in it. Nothing may fail or go back; what is live goes on serving; and all of them complete afterwards.
 */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { release } from '../_support/journal.ts';
import type { DeploymentView } from '../../local/demo/views.ts';
import { until } from '../_support/until.ts';
import { differencesOf, liveEndpointsOf } from './what-runs.ts';
import { environmentBody, openWorld, QUICK, type World } from './world.ts';

export interface RegistryOptions {
  /** In every other one a deployment is on its way when the registry goes. */
  environments: number;
  /** Deployments of each environment. */
  each: number;
  /** How long it is away at least; and until every environment has asked it several times. */
  awaySeconds: number;
  say(line: string): void;
}

export interface RegistryReport {
  deployments: number;
  completed: number;
  /** Environments whose deployment said that it waits for the registry. */
  held: number;
  environments: number;
  awaySeconds: number;
  misses: string[];
}

const OVER_MS = 600_000;
/** How often each has asked in vain before it comes back. */
const ATTEMPTS = 3;
const PATIENT = { ...QUICK, minHealthySeconds: 3, progressDeadlineSeconds: 7_200 };

interface Place {
  world: World;
  environmentId: string;
  round: number;
  operations: string[];
}

export async function runRegistry({ environments, each, awaySeconds, say }: RegistryOptions): Promise<RegistryReport> {
  await using world = await openWorld();
  const report: RegistryReport = {
    ...{ deployments: 0, completed: 0, held: 0, awaySeconds: 0 },
    environments,
    misses: [],
  };
  const places = await Promise.all(Array.from({ length: environments }, (_, at) => open(world, `held-${at}`)));
  // What is on its way has begun with its first component, and asks for the image of its second when that is healthy.
  const under = places.filter((_, at) => at % 2 === 0);
  await Promise.all(under.map(beginToRoll));
  const store = join(world.platform.home, 'images');
  renameSync(store, `${store}-away`);
  const wentAt = Date.now();
  say('the registry is away');
  for (const place of places) while (place.operations.length < each) await post(place);
  await Promise.all(places.map((place) => held(place, report)));
  say(`${report.held} of ${environments} wait for it`);
  await until(() => Date.now() >= wentAt + awaySeconds * 1000, {
    what: 'its time to be over',
    timeoutMs: awaySeconds * 1000 + OVER_MS,
    everyMs: 1_000,
  });
  for (const place of places) report.misses.push(...(await faultsMeanwhile(place)));
  renameSync(`${store}-away`, store);
  report.awaySeconds = Math.round((Date.now() - wentAt) / 1000);
  say('the registry is back');
  await Promise.all(places.map((place) => allCompleted(place, report)));
  return report;
}

async function open(world: World, name: string): Promise<Place> {
  const { operationId, body } = await world.post('/v1/runtime/environments', environmentBody(name));
  await world.ended(operationId, OVER_MS);
  const place: Place = { world, environmentId: body.environmentId ?? '', round: 0, operations: [] };
  const { operationId: first } = await post(place);
  await world.ended(first, OVER_MS);
  place.operations = [];
  return place;
}

async function post(place: Place) {
  const { world, environmentId } = place;
  place.round += 1;
  const [one, other] = release({ home: world.platform.home, environmentId, count: 2, round: place.round });
  const components = [one, { ...other, dependsOn: [one?.moduleId] }];
  const request = { environmentId, releaseRef: `round-${place.round}`, components, rollout: PATIENT };
  const accepted = await world.post('/v1/runtime/deployments', request);
  place.operations.push(accepted.operationId);
  return accepted;
}

async function beginToRoll(place: Place): Promise<void> {
  const { world } = place;
  const { body } = await post(place);
  const isRolling = async () => {
    const path = `/v1/runtime/deployments/${body.deploymentId}`;
    const { components } = (await world.operator.rest.get<DeploymentView>(path)).body;
    return components.some(({ status }) => status === 'Gating');
  };
  await until(isRolling, { what: `${body.deploymentId} to have begun`, timeoutMs: OVER_MS });
}

/** The first of them says what it waits for, and has asked for it again and again. */
async function held({ world, operations: [operationId = ''] }: Place, report: RegistryReport): Promise<void> {
  const isHeld = async () => {
    const { waitingOn } = await world.operation(operationId);
    return waitingOn?.kind === 'platform' && waitingOn.reference === 'RegistryUnavailable';
  };
  await until(isHeld, { what: `${operationId} to wait for the registry`, timeoutMs: OVER_MS, everyMs: 200 });
  report.held += 1;
  const handle = world.client.workflow.getHandle(operationId);
  const hasAsked = async () => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.some(({ attempt }) => (attempt ?? 0) > ATTEMPTS);
  };
  await until(hasAsked, { what: `${operationId} to ask again`, timeoutMs: OVER_MS, everyMs: 500 });
}

async function faultsMeanwhile({ world, environmentId, operations }: Place): Promise<string[]> {
  const faults: string[] = [];
  for (const operationId of operations) {
    const { phase, endedAt, failure } = await world.operation(operationId);
    if (endedAt || phase === 'RollingBack') faults.push(`${operationId} is ${phase} ${JSON.stringify(failure)}`);
  }
  for (const endpoint of await liveEndpointsOf(world, environmentId)) {
    const { status } = await fetch(endpoint, { headers: { connection: 'close' } });
    if (status !== 200) faults.push(`${endpoint} of ${environmentId} answers ${status}`);
  }
  return faults;
}

async function allCompleted({ world, environmentId, operations }: Place, report: RegistryReport): Promise<void> {
  for (const operationId of operations) {
    report.deployments += 1;
    const { phase, failure } = await world.ended(operationId, OVER_MS);
    if (phase === 'Completed') report.completed += 1;
    else report.misses.push(`${operationId} ended ${phase} ${JSON.stringify(failure)}`);
  }
  await world.idle(environmentId, OVER_MS);
  const differences = await differencesOf(world, environmentId);
  report.misses.push(...differences.map((difference) => `${environmentId}: ${difference}`));
}

export function missesOf({ held, environments, misses }: RegistryReport): string[] {
  return held === environments ? misses : [...misses, `${held} of ${environments} waited for it`];
}

export function resultOf({ deployments, completed, held, environments, awaySeconds }: RegistryReport): string {
  const waited = `${held} of ${environments} environments held`;
  return `registry away for ${awaySeconds} s: ${waited}, ${completed} of ${deployments} deployments completed after it`;
}
