/** What goes in and out of the deployments' endpoints. */
import { z } from 'zod';
import { COMPONENT_STATUSES, DEPLOYMENT_PHASES } from '../../domain/phases.ts';
import { DEFAULT_ROLLOUT, STRATEGIES } from '../../domain/rollout.ts';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { component } from './component.ts';
import { failure, waitingOn } from './operation.ts';
import { id, moduleId, releaseRef, statedTenant } from './text.ts';

export const deploymentParams = z.strictObject({ deploymentId: id('dep') });

const rollout = z
  .strictObject({
    maxParallel: z.int().min(1).max(100).default(DEFAULT_ROLLOUT.maxParallel),
    minHealthySeconds: z.int().min(0).max(3600).default(DEFAULT_ROLLOUT.minHealthySeconds),
    healthyDeadlineSeconds: z.int().min(1).max(3600).default(DEFAULT_ROLLOUT.healthyDeadlineSeconds),
    progressDeadlineSeconds: z.int().min(1).max(86_400).default(DEFAULT_ROLLOUT.progressDeadlineSeconds),
    bakeSeconds: z.int().min(0).max(86_400).default(DEFAULT_ROLLOUT.bakeSeconds),
    autoRollback: z.boolean().default(DEFAULT_ROLLOUT.autoRollback),
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
  })
  .superRefine(({ releaseRef: name, components, fromDeploymentId }, context) => {
    const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
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

export const rollbackBody = z.strictObject({ tenantId: statedTenant }).default({});

export const restartBody = z.strictObject({ tenantId: statedTenant }).default({});

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
