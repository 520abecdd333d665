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
import type { Phase } from '../domain/phases.ts';
import type { PlanStep } from '../domain/plan.ts';
import type { SnapshotService } from '../domain/snapshot.ts';
import type { ComputeTarget, ObservedService } from '../providers/compute/port.ts';
import { asAttempt } from './attempt.ts';
import { eachOf } from './each-of.ts';
import { failureOf, operationLost } from './failures.ts';
import { gate, restore, retireOthers, rollForward, type Restoration, type Rolling } from './rolling.ts';
import { loadRollout, type Rollout } from './rollout-state.ts';

/** Components of one wave that move at the same time. */
const CONCURRENCY = 4;

export function rolloutActivities(db: Database, compute: ComputeTarget) {
  const enter = (input: OperationKey, phase: Phase, failure?: Failure) =>
    db.forTenant(input.tenantId, async (tx) => {
      if (!(await advancePhase(tx, input, input.operationId, phase, failure))) throw operationLost(input.operationId);
    });

  return {
    /** Phase RollingOut: wave by wave, each component behind its gate. Returns the component table for operators. */
    async rollOut(input: OperationKey): Promise<string> {
      return await asAttempt(db, input, async (attempt) => {
        await enter(input, 'RollingOut');
        const rollout = await loadRollout(db, compute, input, attempt);
        for (const wave of rollout.plan.waves) {
          await eachOf(wave, CONCURRENCY, (step, lost) => rollStep(untilLost(rollout, lost), step));
        }
        return await rollout.table();
      });
    },

    /** Phase HealthGating: everything that moved is judged once more under all of the traffic, for the bake time. */
    async watchGate(input: OperationKey): Promise<void> {
      await asAttempt(db, input, async (attempt) => {
        await enter(input, 'HealthGating');
        const rollout = await loadRollout(db, compute, input, attempt);
        const { bakeSeconds, healthyDeadlineSeconds } = rollout.policy;
        const clocks = { minHealthySeconds: bakeSeconds, healthyDeadlineSeconds: bakeSeconds + healthyDeadlineSeconds };
        const bake = { ...rollout, policy: { ...rollout.policy, ...clocks } };
        await eachOf(rollout.moved(), CONCURRENCY, async ({ to }, lost) => {
          if (to) await rollout.watched(to.serviceId, () => judgeOnceMore(rollout, untilLost(bake, lost), to));
        });
      });
    },

    /**
     * Phase Promoting: in one transaction the environment points at the new snapshot, the inventory shows it and the
     * operation has ended. Then what it replaced goes; what cannot be taken away now, or when this attempt is lost, the
     * lane converges afterwards.
     */
    async promote(input: OperationKey): Promise<string> {
      if (await hasCompleted(db, input)) return 'The release is live.';
      return await asAttempt(db, input, async (attempt) => {
        await enter(input, 'Promoting');
        const rollout = await loadRollout(db, compute, input, attempt);
        const observed = await compute.observe(rollout.environment);
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
        await enter(input, 'RollingBack', failure);
        const rollout = await loadRollout(db, compute, input, attempt);
        const operation = await db.forTenant(input.tenantId, (tx) =>
          findOperation(tx, input.tenantId, input.operationId),
        );
        const sinceMs = operation?.startedAt?.getTime() ?? 0;
        const observed = await compute.observe(rollout.environment);
        for (const wave of [...rollout.plan.waves].reverse()) {
          const touched = wave.filter((step) => rollout.wasTouched(step.serviceId));
          await eachOf(touched, CONCURRENCY, ({ serviceId, from }) =>
            restoreComponent(rollout, serviceId, { to: from, sinceMs, first: 'floor', observed }),
          );
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

/** The same work, given up when a sibling has failed: the deployment is lost then. */
function untilLost<R extends Rolling>(rolling: R, lost: AbortSignal): R {
  const { attempt } = rolling;
  const signal = AbortSignal.any([attempt.signal, lost]);
  return { ...rolling, attempt: { ...attempt, signal, pause: (ms: number) => attempt.pause(ms, lost) } };
}

async function rollStep(rollout: Rollout, step: PlanStep): Promise<void> {
  const { to } = step;
  // What is retired goes when the release has been promoted; what an earlier attempt brought all the way is judged once
  // more with everything else.
  if (!to || rollout.isLive(to.serviceId)) return;
  if (step.action === 'keep') return await reassert(rollout, to);
  await rollout.watched(to.serviceId, async () => {
    await rollForward(rollout, step.from, to);
    await rollout.note(to.serviceId, { status: 'Live', trafficPercent: 100, endedAt: new Date() });
  });
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
  const observed = await rollout.compute.observe(environment);
  const quietly: Rolling = { ...rollout, report: () => Promise.resolve() };
  await restore(quietly, to.serviceId, { to, sinceMs: deployment.createdAt.getTime(), first: 'floor', observed });
}

async function judgeOnceMore(rollout: Rollout, bake: Rolling, service: SnapshotService): Promise<void> {
  await gate(bake, service, service.replicas);
  await rollout.note(service.serviceId, { status: 'Live', reason: 'healthy under all of the traffic' });
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
    const { failure, retryable } = failureOf(error);
    const progress = { status: 'RollbackFailed' as const, reason: failure.message, endedAt: new Date() };
    if (!retryable) await rollout.note(serviceId, progress);
    throw error;
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
