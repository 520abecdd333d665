/** What goes in and out of the deployments' endpoints. */
import { z } from 'zod';
import { COMMANDS, ON_CONFLICT, WISHES } from '../../domain/commands.ts';
import { COMPONENT_STATUSES, DEPLOYMENT_PHASES } from '../../domain/phases.ts';
import { DEFAULT_ROLLOUT } from '../../domain/rollout.ts';
import { PROMOTIONS, STRATEGIES, stepsOf, stepsProblem } from '../../domain/strategy.ts';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { component } from './component.ts';
import { failure, waitingOn } from './operation.ts';
import { freeText, id, moduleId, releaseRef, statedTenant } from './text.ts';

/** What it does with operations that are on their way in the environment; left out, it queues behind them. */
const onConflict = z.enum(ON_CONFLICT).optional();

export const deploymentParams = z.strictObject({ deploymentId: id('dep') });

const step = z.strictObject({
  weightPercent: z.int().min(0).max(99),
  bakeSeconds: z.int().min(0).max(86_400).default(0),
  promotion: z.enum(PROMOTIONS).default('gate'),
});

const rollout = z
  .strictObject({
    maxParallel: z.int().min(1).max(100).default(DEFAULT_ROLLOUT.maxParallel),
    minHealthySeconds: z.int().min(0).max(3600).default(DEFAULT_ROLLOUT.minHealthySeconds),
    healthyDeadlineSeconds: z.int().min(1).max(3600).default(DEFAULT_ROLLOUT.healthyDeadlineSeconds),
    progressDeadlineSeconds: z.int().min(1).max(86_400).default(DEFAULT_ROLLOUT.progressDeadlineSeconds),
    bakeSeconds: z.int().min(0).max(86_400).default(DEFAULT_ROLLOUT.bakeSeconds),
    autoRollback: z.boolean().default(DEFAULT_ROLLOUT.autoRollback),
    /** Before all of the traffic; left out, the strategy's own. */
    steps: z.array(step).max(20).optional(),
  })
  .refine((policy) => policy.minHealthySeconds < policy.healthyDeadlineSeconds, {
    path: ['minHealthySeconds'],
    message: 'is less than healthyDeadlineSeconds, or nothing could become healthy in time',
  })
  .refine((policy) => policy.bakeSeconds < policy.progressDeadlineSeconds, {
    path: ['bakeSeconds'],
    message: 'is less than progressDeadlineSeconds, or no deployment could complete in time',
  });

/** Either components by their references, or those of a deployment that has completed, by their digests. */
export const deployBody = z
  .strictObject({
    tenantId: statedTenant,
    environmentId: id('env'),
    /** With `fromDeploymentId` it may be left out: then it is that of the deployment promoted. */
    releaseRef: releaseRef.optional(),
    components: z.array(component).min(1).max(200).optional(),
    fromDeploymentId: id('dep').optional(),
    configurationId: id('cfg').optional(),
    strategy: z.enum(STRATEGIES).default('RollingHealthGated'),
    rollout: rollout.prefault({}),
    /** Retires the services that this deployment does not name. */
    prune: z.boolean().default(false),
    onConflict,
  })
  .superRefine(({ releaseRef: name, components, fromDeploymentId, strategy, rollout: policy }, context) => {
    const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    const steps = stepsOf(strategy, policy.steps);
    const problem = stepsProblem(strategy, steps);
    if (problem) {
      context.addIssue({ code: 'custom', path: ['rollout', 'steps', problem.at], message: problem.message });
    }
    const baked = steps.reduce((seconds, { bakeSeconds }) => seconds + bakeSeconds, policy.bakeSeconds);
    if (baked >= policy.progressDeadlineSeconds) {
      const message = 'is more than all steps and the bake take, or no deployment could complete in time';
      context.addIssue({ code: 'custom', path: ['rollout', 'progressDeadlineSeconds'], message });
    }
    if (fromDeploymentId !== undefined) {
      if (components !== undefined) wrong('components', 'come from the deployment that fromDeploymentId names');
      return;
    }
    if (components === undefined) wrong('components', 'are named here, or by fromDeploymentId');
    if (name === undefined) wrong('releaseRef', 'is needed with components');
  })
  .meta({
    oneOf: [
      { required: ['releaseRef', 'components'], not: { required: ['fromDeploymentId'] } },
      { required: ['fromDeploymentId'], not: { required: ['components'] } },
    ],
  });

export const rollbackBody = z.strictObject({ tenantId: statedTenant, onConflict }).default({});

export const restartBody = z.strictObject({ tenantId: statedTenant, onConflict }).default({});

export const commandBody = z.strictObject({ tenantId: statedTenant, reason: freeText(500).optional() }).default({});

export const deployAnswer = z.strictObject({
  deploymentId: z.string(),
  environmentId: z.string(),
  status: z.literal('Requested'),
  traceId: z.string(),
});

const componentProgress = z.strictObject({
  moduleId: z.string(),
  image: z.string().nullable(),
  digest: z.string().nullable(),
  target: z.string().nullable(),
  /** Null until the deployment was prepared. */
  action: z.enum(['roll', 'scale', 'retire', 'keep']).nullable(),
  status: z.enum(COMPONENT_STATUSES),
  fromRevision: z.string().nullable(),
  toRevision: z.string().nullable(),
  replicasWanted: z.number().nullable(),
  replicasReady: z.number(),
  /** Percent of its traffic that the new revision takes. */
  trafficPercent: z.number(),
  reason: z.string().nullable(),
  failure: failure.nullable(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
});

/** A deployment by itself, without its components and what happened. */
export const deploymentSummary = z.strictObject({
  deploymentId: z.string(),
  environmentId: z.string(),
  operationId: z.string(),
  status: z.enum(DEPLOYMENT_PHASES),
  releaseRef: z.string(),
  strategy: z.enum(STRATEGIES),
  rollout: z.record(z.string(), z.union([z.number(), z.boolean()])),
  /** Before all of the traffic. */
  steps: z.array(step),
  /** How many steps are behind it. The whole is one more, and its bake another. */
  stepsPassed: z.number(),
  /** The number, from 0, of the one that is watched, or waits, now. */
  step: z.number().nullable(),
  /** What was asked of it last. */
  wanted: z.enum(WISHES),
  prune: z.boolean(),
  configurationId: z.string().nullable(),
  /** The deployment whose effect this one takes back. */
  rollbackOf: z.string().nullable(),
  /** The service whose replicas it replaces by others of the same kind. */
  restartOf: z.string().nullable(),
  /** The deployment whose digests it promotes. */
  fromDeploymentId: z.string().nullable(),
  waitingOn: waitingOn.nullable(),
  failure: failure.nullable(),
  /** It has ended by then, whatever happens. */
  deadlineAt: z.string(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  traceId: z.string(),
});

export const commandAnswer = deploymentSummary
  .pick({ deploymentId: true, environmentId: true, operationId: true, status: true, waitingOn: true, wanted: true })
  .extend({ step: z.number().nullable(), stepsPassed: z.number(), command: z.enum(COMMANDS), traceId: z.string() });

export const deploymentProgress = deploymentSummary.extend({ components: z.array(componentProgress) });

export const deploymentAnswer = deploymentProgress.extend({
  /** What happened, oldest first: when, what, and the facts of it (phase, serviceId, reason, …). */
  history: z.array(z.looseObject({ at: z.string(), type: z.string() })),
});

export const deploymentsQuery = listQueryOf('deployments', {
  environmentId: id('env').optional(),
  serviceId: moduleId.optional(),
  status: z.enum(DEPLOYMENT_PHASES).optional(),
  ...createdBetween,
});

export const deploymentList = listOf(deploymentSummary);
