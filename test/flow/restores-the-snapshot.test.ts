/** What an environment ran before a deployment it runs again, byte for byte, wherever that turns back and whatever for. */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOf } from '../../domain/hash.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { pictureOf, pidsOf, type Picture } from '../_support/environment-picture.ts';
import { API, WORKER } from '../_support/operator.ts';
import {
  command,
  findDatabase,
  has,
  inTurn,
  isIn,
  isWatched,
  kill,
  lockSnapshots,
  loseDatabase,
  openStage,
} from './steps.ts';
import { restart, supersede, terminate, unlockSnapshots, waitsFor, type Stage, type Turn } from './steps.ts';
import { twoReleases, type TwoReleases } from './two-releases.ts';

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
const ending = async (id: string) => {
  const { status, failure } = await stage.operator.ended(id);
  return `${status} ${failure?.code}`;
};

const NONE = /^$/;
/** Of a replica that nothing took the place of. */
const [FIRST_API, FIRST_WORKER] = [`^${API}-\\w+-0$`, `^${WORKER}-\\w+-0$`];
const judging = (moduleId: string) => has({ [moduleId]: { status: 'Gating' } });
const at = (weightPercent: number) => [{ weightPercent, promotion: 'command' }];
/** Three replicas of the API, and a fourth one in the place of the first that went. */
const oneReplaced = {
  way: { maxParallel: 1, minHealthySeconds: 2 },
  there: [has({ [API]: { status: 'Gating', replicasReady: 1 } })],
  share: 25,
  kept: new RegExp(`${FIRST_API}|${FIRST_WORKER}`),
};
const isHalfBack = has({ [WORKER]: { status: 'RolledBack' }, [API]: { status: 'RollingBack' } });
const halfBack = {
  way: { sick: WORKER, minHealthySeconds: 2 },
  there: [judging(WORKER), command('abort'), isHalfBack],
  share: 100,
  kept: new RegExp(FIRST_WORKER),
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
    way: { sick: WORKER, progressDeadlineSeconds: 12 },
    there: [judging(WORKER)],
    share: 100,
    ends: 'RolledBack ProgressDeadlineExceeded',
    kept: new RegExp(FIRST_WORKER),
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
    kept: NONE,
  },
  {
    phase: 'HealthGating',
    at: 'under all of the traffic, its workflow terminated',
    way: { bakeSeconds: 60 },
    share: 100,
    turn: [terminate],
    ends: 'Failed OperationTerminated',
    kept: NONE,
  },
  {
    phase: 'Promoting',
    at: 'where nobody can abort it any more, as its time is up',
    way: { bakeSeconds: 15, progressDeadlineSeconds: 20 },
    there: [isWatched, kill('supervisor'), command('promote'), isIn('Promoting')],
    share: 100,
    turn: [isIn('RollingBack'), restart('supervisor')],
    ends: 'RolledBack ProgressDeadlineExceeded',
    kept: NONE,
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

  it.each(TURNS.map((turn) => [turn.phase, turn.at, turn] as const))(
    'restores it all from %s, %s',
    async (...[, , of]) => {
      const { phase, way, before: first = [], there = [isIn(phase)], share = 0, turn = [], ends, kept = /./ } = of;
      const were = pids();
      await inTurn(first, stage);
      const id = await releases.deployNew(way);
      await inTurn(there, stage, id);
      expect((await stage.operator.deployment(id)).status).toBe(phase);
      expect(releases.shareBeside(were)).toBe(share);
      await inTurn(turn, stage, id);
      expect(await ending(id)).toBe(ends);
      expect(await picture()).toEqual(before);
      expect(pids()).toMatchObject(Object.fromEntries(Object.entries(were).filter(([name]) => kept.test(name))));
    },
  );

  it('restores it all from the rollback to an older release, aborted', async () => {
    const path = `/v1/runtime/deployments/${oldId}/rollback`;
    const { body } = await stage.operator.rest.post<{ deploymentId: string }>(path);
    await inTurn([judging(WORKER), command('abort')], stage, body.deploymentId);
    expect(await ending(body.deploymentId)).toBe('RolledBack OperationAborted');
    expect(await picture()).toEqual(before);
  });

  it('and does not turn back differs in all of it, which the picture shows', async () => {
    expect(await ending(await releases.deployNew())).toBe('Completed undefined');
    const after = await picture();
    const [was, is] = [live(before), live(after)] as const;
    expect([was.hash, is.hash]).toEqual([hashOf(was.content), hashOf(is.content)]);
    const said = ({ content }: typeof was) => Object.entries({ ...content.services[API] });
    const same = said(was).filter((entry) => said(is).some((other) => isDeepStrictEqual(other, entry)));
    expect(same.map(([name]) => name).sort()).toEqual([
      'dependsOn',
      'health',
      'image',
      'port',
      'resources',
      'serviceId',
    ]);
    const [old, now] = [before, after].map(({ processes }) => processes.filter((text) => text.includes('API_KEY=')));
    expect(old).toEqual(Array(3).fill(expect.stringContaining('API_KEY=the key of old\n')));
    expect(now).toEqual(Array(4).fill(expect.stringContaining('API_KEY=the key of new\n')));
  });
});
