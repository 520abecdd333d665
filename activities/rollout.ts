/** The phases that move a deployment: a batch over all its components each, resumed from the rows and from what runs. */
import { Context } from '@temporalio/activity';
import type { Database, Tx } from '../db/client.ts';
import { updateComponent } from '../db/components.ts';
import type { DeploymentRow } from '../db/deployments.ts';
import { requireFence, setConvergeReason, setLiveSnapshot } from '../db/environments.ts';
import { advancePhase, endOperation, findOperation, hasCompleted } from '../db/operations.ts';
import { restoreScalingPolicies } from '../db/scaling-policies.ts';
import { replaceServices, servicesOf, type OwnServiceRow } from '../db/services.ts';
import type { Failure } from '../domain/failures.ts';
import type { OperationKey } from '../domain/ids.ts';
import { ROLLING } from '../domain/strategy.ts';
import type { ComputeTarget, ObservedService } from '../providers/compute/port.ts';
import { asAttempt, asHeedingAttempt } from './attempt.ts';
import { eachOf } from './each-of.ts';
import { failureOf, inComponent, operationLost } from './failures.ts';
import { bake, goThroughStages, type Forward } from './forward.ts';
import { restore, retireOthers, type Restoration, type Rolling } from './rolling.ts';
import { loadRollout, type Rollout } from './rollout-state.ts';
import { enterOrStop, noteStep, type Stopped } from './stages.ts';

/** Components of one wave that go back at the same time. */
const CONCURRENCY = 4;
/** Of the time for going back, what is kept for its last transactions. */
const SPARE_SECONDS = 15;

export function rolloutActivities(db: Database, compute: ComputeTarget) {
  return {
    /** Phase RollingOut: stage by stage, each component behind its gate. Returns the component table for operators. */
    async rollOut(input: OperationKey): Promise<string | Stopped> {
      return await asHeedingAttempt(db, input, async (attempt) => {
        const stopped = await enterOrStop(db, input, attempt, 'RollingOut');
        if (stopped) return stopped;
        const rollout = await loadRollout(db, compute, input, attempt);
        return (await goThroughStages({ db, input, rollout, heed: attempt.heed })) ?? (await rollout.table());
      });
    },

    /** Phase HealthGating: everything that moved is judged once more under all of the traffic, for the bake time. */
    async watchGate(input: OperationKey): Promise<void | Stopped> {
      return await asHeedingAttempt(db, input, async (attempt) => {
        const stopped = await enterOrStop(db, input, attempt, 'HealthGating');
        if (stopped) return stopped;
        const rollout = await loadRollout(db, compute, input, attempt);
        return (await bakeWhole({ db, input, rollout, heed: attempt.heed })) ?? undefined;
      });
    },

    /**
     * Phase Promoting: in one transaction the environment points at the new snapshot, the inventory shows it and the
     * operation has ended. Then what it replaced goes; what cannot be taken away now, or when this attempt is lost, the
     * lane converges afterwards.
     */
    async promote(input: OperationKey): Promise<string | Stopped> {
      if (await hasCompleted(db, input)) return 'The release is live.';
      return await asAttempt(db, input, async (attempt) => {
        const stopped = await enterOrStop(db, input, attempt, 'Promoting');
        if (stopped) return stopped;
        const rollout = await loadRollout(db, compute, input, attempt);
        const observed = await compute.observe(rollout.environment, attempt.fence);
        await db.forTenant(input.tenantId, async (tx) => {
          await requireFence(tx, input, attempt.fence);
          await pointAt(tx, rollout, observed);
          const ending = { phase: 'Completed' as const, convergeReason: `${input.operationId} replaced revisions` };
          if (!(await endOperation(tx, input, input.operationId, ending))) throw operationLost(input.operationId);
        });
        await retireReplaced(db, rollout, observed);
        return await rollout.table();
      });
    },

    /** Phase RollingBack: every component that was touched gets its previous revision back, dependents first. */
    async goBack({ failure, ...input }: GoBackInput): Promise<string> {
      return await asAttempt(db, input, async (attempt) => {
        const operation = await db.forTenant(input.tenantId, async (tx) => {
          if (!(await advancePhase(tx, input, input.operationId, 'RollingBack', failure)))
            throw operationLost(input.operationId);
          return await findOperation(tx, input.tenantId, input.operationId);
        });
        const rollout = await loadRollout(db, compute, input, attempt);
        const sinceMs = operation?.startedAt?.getTime() ?? 0;
        const untilMs = (operation?.deadlineAt.getTime() ?? 0) - SPARE_SECONDS * 1000;
        const observed = await compute.observe(rollout.environment, attempt.fence);
        const waves = rollout.plan.waves
          .map((wave) => wave.filter((step) => rollout.wasTouched(step.serviceId)))
          .filter((wave) => wave.length > 0)
          .reverse();
        let turnsLeft = waves.reduce((turns, { length }) => turns + Math.ceil(length / CONCURRENCY), 0);
        for (const wave of waves) {
          const secondsLeft = (untilMs - Date.now()) / 1000 / turnsLeft;
          await eachOf(wave, CONCURRENCY, ({ serviceId, from: to, to: left }) => {
            const leaving = { from: left, secondsLeft };
            return restoreComponent(rollout, serviceId, { to, sinceMs, first: 'floor', leaving, observed });
          });
          turnsLeft -= Math.ceil(wave.length / CONCURRENCY);
        }
        return await rollout.table();
      });
    },
  };
}

export interface GoBackInput extends OperationKey {
  /** What it goes back for. */
  failure: Failure;
}

/** Its step is the one after all stages: `promote` ends it before its time. */
async function bakeWhole(forward: Forward): Promise<Stopped | null> {
  const { db, input, rollout, heed } = forward;
  const { bakeSeconds } = rollout.policy;
  const number = rollout.stages.length;
  if (heed.stepsPassed() > number) return null;
  if (bakeSeconds > 0) await noteStep(db, input, rollout.attempt, { step: number });
  const paused = await bake(forward, number, { ...ROLLING, bakeSeconds });
  if (paused) return paused;
  for (const { to } of rollout.moved()) {
    if (to) await rollout.note(to.serviceId, { status: 'Live', reason: 'healthy under all of the traffic' });
  }
  if (bakeSeconds > 0) await noteStep(db, input, rollout.attempt, { step: null, stepsPassed: number + 1 });
  return null;
}

async function restoreComponent(rollout: Rollout, serviceId: string, restoration: Restoration): Promise<void> {
  const { to } = restoration;
  const back: Rolling = {
    ...rollout,
    report: (id, { reason }) => rollout.note(id, { status: 'RollingBack', reason, endedAt: null }),
  };
  await back.report(serviceId, { status: 'Rolling', reason: 'going back to the previous revision' });
  try {
    await restore(back, serviceId, restoration);
  } catch (error) {
    const fault = inComponent(error, serviceId);
    const { failure, retryable } = failureOf(fault);
    if (!retryable) await rollout.note(serviceId, { status: 'RollbackFailed', ...rollout.ended(failure) });
    throw fault;
  }
  const reason = to ? `back on ${to.image}` : 'taken away again';
  const progress = { status: 'RolledBack' as const, trafficPercent: 0, replicasReady: 0, reason, endedAt: new Date() };
  await rollout.note(serviceId, progress);
}

async function pointAt(tx: Tx, rollout: Rollout, observed: readonly ObservedService[]): Promise<void> {
  const endpoints = new Map(observed.map(({ serviceId, endpoint }) => [serviceId, endpoint]));
  const { environment: key, deployment, wanted } = rollout;
  const { previousSnapshotId, snapshotId } = deployment;
  if (snapshotId === null || !(await setLiveSnapshot(tx, key, previousSnapshotId, snapshotId))) {
    throw operationLost(deployment.operationId);
  }
  const before = new Map((await servicesOf(tx, key)).map((service) => [service.serviceId, service]));
  const rows = Object.values(wanted.services).map((service): OwnServiceRow => {
    const { serviceId, image, digest, target, revision, replicas, configurationId } = service;
    const old = before.get(serviceId);
    const deploymentId = old?.revision === revision ? old.deploymentId : deployment.id;
    const endpoint = endpoints.get(serviceId) ?? null;
    return { ...key, serviceId, image, digest, target, revision, replicas, configurationId, deploymentId, endpoint };
  });
  await replaceServices(tx, key, rows);
  // Going back brings the policies of that time back too; every other deployment was bound by those in force.
  if (deployment.rollbackOf !== null) {
    const { createdAt: acceptedAt, traceId } = deployment;
    await restoreScalingPolicies(tx, key, wanted, { acceptedAt, traceId });
  }
}

/** Takes the replaced revisions away, and with the last of them the reason to converge. */
async function retireReplaced(db: Database, rollout: Rollout, observed: readonly ObservedService[]): Promise<void> {
  const { attempt, deployment, environment } = rollout;
  try {
    await eachOf(rollout.plan.waves.flat(), CONCURRENCY, async ({ serviceId, action, to }) => {
      if (action === 'keep') return;
      await retireOthers(rollout, serviceId, to?.revision ?? null, observed);
      if (!to) await noteRetired(db, deployment, serviceId);
    });
    await db.forTenant(environment.tenantId, async (tx) => {
      await requireFence(tx, environment, attempt.fence);
      await setConvergeReason(tx, environment, null);
    });
  } catch (error) {
    // The release is live and stays so; the reason to converge stays too, and the lane sees to it.
    Context.current().log.warn('what was replaced is still there', { error });
  }
}

async function noteRetired(db: Database, deployment: DeploymentRow, serviceId: string): Promise<void> {
  const now = new Date();
  const progress = {
    status: 'Retired' as const,
    reason: 'no longer part of the release',
    startedAt: now,
    endedAt: now,
  };
  await db.forTenant(deployment.tenantId, (tx) =>
    updateComponent(tx, deployment.tenantId, deployment.id, serviceId, progress),
  );
}
