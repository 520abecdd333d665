/**
 * Deployments over calls and probes that hang for ever. Each has to be terminal in time, for a true reason; what runs when it
 * is over is what the rows say; and the next deployment completes.
 *
 * The platform is the one that is shipped, and nothing in its processes knows of this: between them and the daemons are two
 * proxies, which take the connection and the request and let nothing come back. So what is tried is the driver, its
 * time-outs and the sockets that it keeps, too. A port whose promise never settles would be simpler, and would say nothing
 * about them; what an attempt is worth that does not listen is tried here as well, for a change is waited for for a minute,
 * past the end of the forward work.
 */
import { freePorts } from '../_support/free-port.ts';
import { openHangProxy } from '../_support/hang-proxy.ts';
import { importJournalImage, release } from '../_support/journal.ts';
import { until } from '../_support/until.ts';
import { nameOf, type Cell } from './hung-cells.ts';
import { endOf, faultsOf, latenessOf } from './hung-judge.ts';
import { makeTrouble, type Troubled } from './hung-trouble.ts';
import { differencesOf } from './what-runs.ts';
import { environmentBody, openWorld, QUICK, type OperationView } from './world.ts';

export interface HungOptions {
  cells: readonly Cell[];
  environments: number;
  /** Of each of these deployments: enough for one that does not hang. */
  progressDeadlineSeconds: number;
  say(line: string): void;
}

export interface HungReport {
  deployments: number;
  terminal: number;
  /** By phase and code: how many ended so. */
  ends: Record<string, number>;
  /** How long after its deadline the latest one ended, s; before it when it is less than 0. */
  latest: number;
  misses: string[];
}

/** Beyond everything that is waited for. */
const OVER_MS = 600_000;
/** From their start; those that answer do so in a few seconds. */
const HEALTHY_SECONDS = 15;
const BAKE_SECONDS = 5;

interface Place extends Troubled {
  report: HungReport;
  progressDeadlineSeconds: number;
}

export async function runHung({ cells, environments, progressDeadlineSeconds, say }: HungOptions): Promise<HungReport> {
  const ports = await freePorts(['SUPERVISOR', 'PROXY']);
  await using supervisor = await openHangProxy(Number(ports.SLIPWAY_SUPERVISOR_PORT));
  await using proxy = await openHangProxy(Number(ports.SLIPWAY_PROXY_PORT));
  await using world = await openWorld({
    env: { ...ports, SLIPWAY_SUPERVISOR_URL: supervisor.url, SLIPWAY_PROXY_URL: proxy.url },
  });
  const report: HungReport = { deployments: 0, terminal: 0, ends: {}, latest: -Infinity, misses: [] };
  const left = [...cells];
  const inOne = async (_: unknown, at: number) => {
    const place = await open({ world, ways: { supervisor, proxy }, report, progressDeadlineSeconds }, `hung-${at}`);
    for (let cell = left.shift(); cell; cell = left.shift()) {
      await tryOne(place, cell);
      say(`${nameOf(cell)}; ${resultOf(report)}`);
    }
  };
  await Promise.all(Array.from({ length: environments }, inOne));
  return report;
}

async function open(run: Omit<Place, 'environmentId' | 'image' | 'round'>, name: string): Promise<Place> {
  const { world } = run;
  const image = `acr.azurecr.io/journal:${name}`;
  await importJournalImage(world.platform.home, image);
  const { operationId, body } = await world.post('/v1/runtime/environments', environmentBody(name));
  await world.ended(operationId, OVER_MS);
  const place: Place = { ...run, environmentId: body.environmentId ?? '', image, round: 0 };
  await deployPlainly(place);
  return place;
}

/** Everything that is live is of one round, and nothing else is there. */
async function deployPlainly(place: Place): Promise<void> {
  const { world, report, environmentId } = place;
  const operationId = await post(place, { count: 2, prune: true, rollout: QUICK });
  const { phase, failure } = await world.ended(operationId, OVER_MS);
  await world.idle(environmentId, OVER_MS);
  if (phase !== 'Completed')
    report.misses.push(`after a hang ${operationId} ended ${phase} ${JSON.stringify(failure)}`);
}

interface Wanted {
  count: number;
  isSick?: boolean;
  /** Without this one. */
  leftOut?: string;
  prune: boolean;
  rollout: Record<string, number>;
}

async function post(place: Place, { count, isSick, leftOut, prune, rollout }: Wanted): Promise<string> {
  const { world, environmentId, image } = place;
  place.round += 1;
  const { home } = world.platform;
  const components = release({ home, environmentId, count, round: place.round, isSick })
    .filter(({ moduleId }) => moduleId !== leftOut)
    .map((component) => ({ ...component, image }));
  const body = { environmentId, releaseRef: `round-${place.round}`, components, prune, rollout };
  return (await world.post('/v1/runtime/deployments', body)).operationId;
}

async function postOver(place: Place, cell: Cell): Promise<string> {
  const { progressDeadlineSeconds } = place;
  const bakeSeconds = 'probe' in cell && cell.probe === 'baking' ? BAKE_SECONDS : 0;
  const clocks = { minHealthySeconds: 0, healthyDeadlineSeconds: HEALTHY_SECONDS };
  return await post(place, { ...shapeOf(cell), rollout: { ...clocks, progressDeadlineSeconds, bakeSeconds } });
}

function shapeOf(cell: Cell): Omit<Wanted, 'rollout'> {
  const isSick = 'probe' in cell ? cell.probe === 'old' : cell.way === 'back' || cell.call === 'GET logs';
  // Two are rolled, and a new one that depends on them is sick.
  if (isSick) return { count: 3, isSick, prune: false };
  // One is rolled: nothing else makes going back look again.
  if ('fate' in cell && cell.fate === 'late') return { count: 1, prune: false };
  // One is rolled, one is new, and one is retired.
  return { count: 3, leftOut: 'svc-01', prune: true };
}

async function tryOne(place: Place, cell: Cell): Promise<void> {
  const { world, report, environmentId } = place;
  const miss = (what: string) => report.misses.push(`${nameOf(cell)} of ${environmentId}: ${what}`);
  const expectSame = async (when: string) => {
    for (const difference of await differencesOf(world, environmentId)) miss(`${when} ${difference}`);
  };
  report.deployments += 1;
  const posted = Promise.withResolvers<string>();
  const trouble = makeTrouble(place, cell, posted.promise);
  const operationId = await postOver(place, cell);
  posted.resolve(operationId);
  const ended = await world.ended(operationId, OVER_MS);
  // It hangs for as long as anybody works on it.
  await closed(place, operationId);
  if (!trouble.isReached()) miss('nothing hung');
  note(report, ended);
  faultsOf(cell, ended).forEach(miss);
  trouble.end();
  await world.idle(environmentId, OVER_MS);
  await expectSame('when it was over');
  await trouble.deliver();
  await expectSame('when the rest came late');
  await deployPlainly(place);
  await expectSame('after the next one');
}

async function closed({ world }: Place, operationId: string): Promise<void> {
  const handle = world.client.workflow.getHandle(operationId);
  const isClosed = async () => (await handle.describe()).status.name !== 'RUNNING';
  await until(isClosed, { what: `the workflow of ${operationId} to be closed`, timeoutMs: OVER_MS, everyMs: 200 });
}

function note(report: HungReport, ended: OperationView): void {
  report.terminal += 1;
  report.ends[endOf(ended)] = (report.ends[endOf(ended)] ?? 0) + 1;
  report.latest = Math.max(report.latest, latenessOf(ended));
}

export function missesOf({ deployments, terminal, misses }: HungReport): string[] {
  return terminal === deployments ? misses : [...misses, `${terminal} of ${deployments} are terminal`];
}

export function resultOf({ deployments, terminal, ends, latest, misses }: HungReport): string {
  const each = Object.entries(ends).map(([end, count]) => `${end} ${count}`);
  const when = latest > 0 ? `${latest.toFixed(1)} s after` : `${(-latest).toFixed(1)} s before`;
  return `hung: ${terminal} of ${deployments} terminal, the latest ${when} its deadline: ${each.join(', ')}; ${misses.length} misses`;
}
