/** Forward work of a deployment: stage by stage, in each of them wave by wave, every component behind its gate. */
import type { Database } from '../db/client.ts';
import type { OperationKey } from '../domain/ids.ts';
import type { PlanStep } from '../domain/plan.ts';
import type { SnapshotService } from '../domain/snapshot.ts';
import { freshOf, type Stage } from '../domain/strategy.ts';
import { within } from './attempt.ts';
import { eachOf } from './each-of.ts';
import type { Heed } from './heed.ts';
import { gate, restore, rollForward, type Rolling } from './rolling.ts';
import type { Rollout } from './rollout-state.ts';
import { noteStep, stopHere, type Stopped } from './stages.ts';

/** Components of one wave that move at the same time. */
const CONCURRENCY = 4;

export interface Forward {
  db: Database;
  input: OperationKey;
  rollout: Rollout;
  heed: Heed;
}

/** Goes through the stages that are not behind it. Says where it stopped, when it was stopped or has to wait. */
export async function goThroughStages(forward: Forward): Promise<Stopped | null> {
  const { db, input, rollout, heed } = forward;
  for (const [number, stage] of rollout.stages.entries()) {
    if (heed.stepsPassed() > number) continue;
    // At one that it has said to be at, everything has come to it already.
    while (rollout.deployment.step !== number && !(await reach(forward, stage))) {
      const stopped = await stopHere(db, input, rollout.attempt, 'resume');
      if (stopped) return stopped;
      await heed.look();
    }
    const stopped = await passStep(forward, number, stage);
    if (stopped) return stopped;
  }
  return null;
}

/** Brings every component to a stage. False when it is to stop before. */
async function reach(forward: Forward, stage: Stage): Promise<boolean> {
  const { rollout, heed } = forward;
  let isThere = true;
  for (const wave of rollout.plan.waves) {
    if (heed.isPaused()) return false;
    await eachOf(wave, CONCURRENCY, async (step, lost) => {
      if (!(await moveTo(stage, untilLost(rollout, lost), step, heed))) isThere = false;
    });
    if (!isThere) return false;
  }
  return true;
}

/** Watches what has come to the stage for its time, and waits for a promotion where one is asked for. */
async function passStep(forward: Forward, number: number, stage: Stage): Promise<Stopped | null> {
  const { db, input, rollout } = forward;
  const { bakeSeconds, promotion } = stage;
  if (bakeSeconds > 0 || promotion === 'command') {
    await noteStep(db, input, rollout.attempt, { step: number });
    const paused = bakeSeconds > 0 ? await bake(forward, number, stage) : null;
    if (paused) return paused;
    const stopped = promotion === 'command' ? await stopHere(db, input, rollout.attempt, 'promote') : null;
    if (stopped) return stopped;
    await noteStep(db, input, rollout.attempt, { step: null, stepsPassed: number + 1 });
  }
  return null;
}

/**
 * Everything that moved is judged once more, for a time, under the traffic that it has now. Says that it stopped, when it
 * was paused before that was over: nobody watches then, so the time begins anew when it goes on.
 */
export async function bake(forward: Forward, number: number, stage: Stage): Promise<Stopped | null> {
  const { db, input, rollout, heed } = forward;
  const { bakeSeconds } = stage;
  const { healthyDeadlineSeconds } = rollout.policy;
  const clocks = { minHealthySeconds: bakeSeconds, healthyDeadlineSeconds: bakeSeconds + healthyDeadlineSeconds };
  const watched = { ...rollout, policy: { ...rollout.policy, ...clocks } };
  const moved = rollout.moved().filter((step) => movesIn(stage, step));
  for (;;) {
    let isCut = false;
    const isEnough = () => heed.stepsPassed() > number || (isCut ||= heed.isPaused());
    // All at once: they are watched for the same time.
    await eachOf(moved, moved.length, async ({ to }, lost) => {
      if (!to) return;
      await rollout.watched(to.serviceId, () =>
        gate(untilLost(watched, lost), to, freshOf(stage, to.replicas), isEnough),
      );
    });
    if (!isCut) return null;
    const stopped = await stopHere(db, input, rollout.attempt, 'resume');
    if (stopped) return stopped;
    await heed.look();
  }
}

const isWhole = ({ weightPercent }: Stage) => weightPercent === 100;

/** Other replicas of the same revision have no share of the traffic to take: they come at the end. */
const movesIn = (stage: Stage, { action }: PlanStep) => action === 'roll' || isWhole(stage);

/** The same work, given up when a sibling has failed: the deployment is lost then. */
function untilLost<R extends Rolling>(rolling: R, lost: AbortSignal): R {
  return { ...rolling, attempt: within(rolling.attempt, AbortSignal.any([rolling.attempt.signal, lost])) };
}

async function moveTo(stage: Stage, rollout: Rollout, step: PlanStep, heed: Heed): Promise<boolean> {
  const { to, from, action } = step;
  // What is retired goes when the release has been promoted; what an earlier attempt brought all the way is judged once
  // more with everything else.
  if (!to || rollout.isLive(to.serviceId)) return true;
  if (!movesIn(stage, step)) return true;
  if (action === 'keep') {
    await reassert(rollout, to);
    return true;
  }
  let isThere = false;
  await rollout.watched(to.serviceId, async () => {
    isThere = await rollForward(rollout, { from, to, stage, isPaused: () => heed.isPaused() });
    if (isThere && isWhole(stage)) {
      await rollout.note(to.serviceId, { status: 'Live', trafficPercent: 100, endedAt: new Date() });
    }
  });
  return isThere;
}

/**
 * A service that is asked for as it is gets to be that, whatever an earlier deployment that was not rolled back left
 * beside it. One that is not asked for is left alone.
 */
async function reassert(rollout: Rollout, to: SnapshotService): Promise<void> {
  const { deployment, environment } = rollout;
  const asked =
    deployment.rollbackOf !== null || deployment.components.some(({ moduleId }) => moduleId === to.serviceId);
  if (!asked) return;
  const observed = await rollout.compute.observe(environment, rollout.attempt.fence);
  const quietly: Rolling = { ...rollout, report: () => Promise.resolve() };
  await restore(quietly, to.serviceId, { to, sinceMs: deployment.createdAt.getTime(), first: 'floor', observed });
}
