/** What an environment ran before a deployment it runs again, byte for byte, wherever that turns back and whatever for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOf } from '../../domain/hash.ts';
import type { Snapshot, SnapshotService } from '../../domain/snapshot.ts';
import { pictureOf, pidsOf, weightsOf, type Picture } from '../_support/environment-picture.ts';
import { API, WORKER } from '../_support/operator.ts';
import { command, findDatabase, has, inTurn, isIn, kill, lockSnapshots, loseDatabase, openStage } from './steps.ts';
import { restart, supersede, terminate, unlockSnapshots, waitsFor, type Stage, type Step } from './steps.ts';
import { twoReleases, type TwoReleases, type Way } from './two-releases.ts';

let stage: Stage;
let releases: TwoReleases;

beforeAll(async () => {
  stage = await openStage('snapshot');
  releases = twoReleases(stage);
  await releases.publish('first');
});
afterAll(() => stage?.[Symbol.asyncDispose]());

const picture = () => pictureOf(stage.platform, stage.environmentId);
const pids = () => pidsOf(stage.platform, stage.environmentId);
const weights = () => weightsOf(stage.platform, stage.environmentId, API);
const ending = async (id: string) => {
  const { status, failure } = await stage.operator.ended(id);
  return `${status} ${failure?.code}`;
};

interface Turn {
  phase: string;
  /** Where in it, and why it turns back there. */
  at: string;
  way?: Way;
  /** What has it stand there. */
  before?: Step[];
  /** Until it does; @default until it is in the phase */
  there?: Step[];
  /** Of the API's traffic, the percent that the new release has by then; @default 0 */
  share?: number;
  /** What turns it back; @default it does so by itself */
  turn?: Step[];
  ends: string;
  /** The replicas that are the very same processes afterwards, by `<service>/<ordinal>`; @default all of them */
  kept?: string[];
}

const judging = (moduleId: string) => has({ [moduleId]: { status: 'Gating' } });
const at = (weightPercent: number) => [{ weightPercent, promotion: 'command' }];
/** Three replicas of the API, and a fourth one in the place of the first that went. */
const oneReplaced = {
  way: { maxParallel: 1, minHealthySeconds: 2 },
  there: [has({ [API]: { status: 'Gating', replicasReady: 1 } })],
  share: 25,
  kept: [`${API}/0`, `${WORKER}/0`],
};
const halfBack = {
  way: { sick: WORKER, minHealthySeconds: 2 },
  there: [
    judging(WORKER),
    command('abort'),
    has({ [WORKER]: { status: 'RolledBack' }, [API]: { status: 'RollingBack' } }),
  ],
  share: 100,
  kept: [`${WORKER}/0`],
};

const TURNS: Turn[] = [
  {
    phase: 'Provisioning',
    at: 'while images are looked for, aborted',
    before: [kill('supervisor')],
    turn: [command('abort'), restart('supervisor')],
    ends: 'Canceled OperationAborted',
  },
  {
    phase: 'Provisioning',
    at: 'while images are looked for, as its time is up',
    way: { progressDeadlineSeconds: 3 },
    before: [kill('supervisor')],
    turn: [isIn('Failed'), restart('supervisor')],
    ends: 'Failed ProgressDeadlineExceeded',
  },
  {
    phase: 'Configuring',
    at: 'while its snapshot is written down, its workflow terminated',
    before: [lockSnapshots],
    turn: [terminate, unlockSnapshots],
    ends: 'Failed OperationTerminated',
  },
  {
    phase: 'RollingOut',
    at: 'with the first replicas of the first component, refused by the gate',
    way: { sick: API, healthyDeadlineSeconds: 3 },
    there: [judging(API)],
    ends: 'RolledBack HealthGateUnhealthy',
  },
  {
    phase: 'RollingOut',
    at: 'with one replica of several replaced, aborted',
    ...oneReplaced,
    turn: [command('abort')],
    ends: 'RolledBack OperationAborted',
  },
  {
    phase: 'RollingOut',
    at: 'with one replica of several replaced, its workflow terminated',
    ...oneReplaced,
    turn: [terminate],
    ends: 'Failed OperationTerminated',
  },
  {
    phase: 'RollingOut',
    at: 'with one component replaced and the next one not, as its time is up',
    way: { sick: WORKER, progressDeadlineSeconds: 15 },
    there: [judging(WORKER)],
    share: 100,
    ends: 'RolledBack ProgressDeadlineExceeded',
    kept: [`${WORKER}/0`],
  },
  {
    phase: 'RollingOut',
    at: 'at a step of a canary, superseded',
    way: { strategy: 'Canary', steps: at(50) },
    there: [waitsFor('promote')],
    share: 50,
    turn: [supersede],
    ends: 'RolledBack OperationSuperseded',
  },
  {
    phase: 'RollingOut',
    at: 'at the preview of blue and green, aborted',
    way: { strategy: 'BlueGreen', steps: at(0) },
    there: [waitsFor('promote')],
    turn: [command('abort')],
    ends: 'RolledBack OperationAborted',
  },
  {
    phase: 'HealthGating',
    at: 'under all of the traffic, refused by the gate',
    way: { bakeSeconds: 3, healthyDeadlineSeconds: 5 },
    share: 100,
    turn: [loseDatabase, isIn('RolledBack'), findDatabase],
    ends: 'RolledBack HealthGateUnhealthy',
    kept: [],
  },
  {
    phase: 'HealthGating',
    at: 'under all of the traffic, its workflow terminated',
    way: { bakeSeconds: 60 },
    share: 100,
    turn: [terminate],
    ends: 'Failed OperationTerminated',
    kept: [],
  },
  {
    phase: 'Promoting',
    at: 'where nobody can abort it any more, as its time is up',
    way: { bakeSeconds: 2, progressDeadlineSeconds: 20 },
    there: [
      ...[isIn('HealthGating'), command('pause'), waitsFor('resume')],
      ...[kill('supervisor'), command('resume'), isIn('Promoting')],
    ],
    share: 100,
    turn: [isIn('RollingBack'), restart('supervisor')],
    ends: 'RolledBack ProgressDeadlineExceeded',
    kept: [],
  },
  {
    phase: 'RollingBack',
    at: 'with one component back and the other not, its worker killed',
    ...halfBack,
    turn: [kill('worker'), restart('worker')],
    ends: 'RolledBack OperationAborted',
  },
  {
    phase: 'RollingBack',
    at: 'with one component back and the other not, its workflow terminated',
    ...halfBack,
    turn: [terminate],
    ends: 'RollbackFailed OperationTerminated',
  },
];

describe('the first deployment of an environment', () => {
  it('that turns back leaves nothing', async () => {
    const before = await picture();
    expect({ files: before.files, processes: before.processes }).toEqual({ files: {}, processes: [] });
    const id = await releases.deployNew({ sick: API, healthyDeadlineSeconds: 3 });
    expect(await ending(id)).toBe('RolledBack HealthGateUnhealthy');
    expect(await picture()).toEqual(before);
  });
});

describe('a deployment that changes everything', () => {
  let oldId: string;
  let before: Picture;
  const live = ({ rows }: Picture) => JSON.parse(rows.snapshots?.[0] ?? '') as { content: Snapshot; hash: string };

  beforeAll(async () => {
    oldId = await releases.deployOld();
    await releases.publish('new');
    before = await picture();
  });

  it('of the scaling policy alone restores all but that: it is in force for what is deployed next', async () => {
    const were = pids();
    const id = await releases.applyNewPolicy();
    await inTurn([judging(API), command('abort')], stage, id);
    expect(await ending(id)).toBe('RolledBack OperationAborted');
    const now = await picture();
    const { scaling_policies, scaling_policy_versions } = now.rows;
    expect(now).toEqual({ ...before, rows: { ...before.rows, scaling_policies, scaling_policy_versions } });
    expect(scaling_policies).not.toEqual(before.rows.scaling_policies);
    expect(pids()).toEqual(were);
    before = now;
  });

  it.each(TURNS)(
    'restores it all from $phase, $at',
    async ({ phase, way, before: first = [], there = [isIn(phase)], share = 0, turn = [], ends, kept }) => {
      const were = pids();
      await inTurn(first, stage);
      const id = await releases.deployNew(way);
      await inTurn(there, stage, id);
      expect((await stage.operator.deployment(id)).status).toBe(phase);
      const ofNew = Object.entries(weights()).filter(([revision]) => !(`${API}-${revision}-0` in were));
      expect(ofNew.reduce((sum, [, weight]) => sum + weight, 0)).toBe(share);
      await inTurn(turn, stage, id);
      expect(await ending(id)).toBe(ends);
      expect(await picture()).toEqual(before);
      const isKept = (instance: string) =>
        kept?.some(
          (name) => instance.startsWith(name.split('/')[0] ?? '') && instance.endsWith(`-${name.split('/')[1]}`),
        );
      expect(pids()).toMatchObject(Object.fromEntries(Object.entries(were).filter(([name]) => isKept(name) ?? true)));
    },
  );

  it('restores it all from the rollback to an older release, aborted', async () => {
    const { body } = await stage.operator.rest.post<{ deploymentId: string }>(
      `/v1/runtime/deployments/${oldId}/rollback`,
    );
    await inTurn([judging(API), command('abort')], stage, body.deploymentId);
    expect(await ending(body.deploymentId)).toBe('RolledBack OperationAborted');
    expect(await picture()).toEqual(before);
  });

  it('and does not turn back shows all of it in the picture', async () => {
    expect(await ending(await releases.deployNew())).toBe('Completed undefined');
    const after = await picture();
    const [was, is] = [live(before), live(after)];
    expect([was.hash, is.hash]).toEqual([hashOf(was.content), hashOf(is.content)]);
    const differing = Object.entries(was.content.services[API] as SnapshotService).filter(
      ([name, value]) =>
        hashOf({ value }) !== hashOf({ value: is.content.services[API]?.[name as keyof SnapshotService] }),
    );
    expect(differing.map(([name]) => name)).toEqual([]);
    expect(after.processes).not.toEqual(before.processes);
  });
});
