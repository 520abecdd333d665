/** What goes in and out of the environments' endpoints. */
import { z } from 'zod';
import {
  COMPUTE_TARGETS,
  ENVIRONMENT_STATUSES,
  ISOLATION_MODELS,
  OPERATION_STATUSES,
  STAGES,
} from '../../domain/phases.ts';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { failure, waitingOn } from './operation.ts';
import { observedService } from './observed.ts';
import { environmentName, id, instant, projectId, region, statedTenant } from './text.ts';

export const environmentParams = z.strictObject({ environmentId: id('env') });

const computeTargets = z
  .array(z.enum(COMPUTE_TARGETS))
  .min(1)
  .refine((targets) => new Set(targets).size === targets.length, 'names a target twice')
  .meta({ uniqueItems: true });

/** When it is no longer wanted: from then on it is taken away, as by a decommission. */
const expiresAt = instant.refine((time) => time.getTime() > Date.now(), 'lies in the past');

export const provisionBody = z.strictObject({
  tenantId: statedTenant,
  projectId,
  name: environmentName,
  stage: z.enum(STAGES),
  region,
  isolationModel: z.enum(ISOLATION_MODELS),
  computeTargets,
  expiresAt: expiresAt.optional(),
});

/** What is left out stays as it is. */
export const environmentPatch = z
  .strictObject({
    tenantId: statedTenant,
    computeTargets: computeTargets.optional(),
    /** Null takes the time away: it stays until somebody decommissions it. */
    expiresAt: expiresAt.nullable().optional(),
  })
  .refine(({ computeTargets: targets, expiresAt: until }) => targets !== undefined || until !== undefined, {
    message: 'changes nothing: it names neither computeTargets nor expiresAt',
  });

export const provisionAnswer = z.strictObject({
  environmentId: z.string(),
  status: z.literal('Provisioning'),
  traceId: z.string(),
  pulumiStackRef: z.string(),
});

export const decommissionBody = z
  .strictObject({
    tenantId: statedTenant,
    /** How long it may go on once it has begun; then it ends with the list of what is left. */
    progressDeadlineSeconds: z.int().min(10).max(86_400).default(900),
  })
  .prefault({});

export const decommissionAnswer = z.strictObject({
  environmentId: z.string(),
  operationId: z.string(),
  status: z.enum(OPERATION_STATUSES),
  traceId: z.string(),
});

export const inventoryService = z.strictObject({
  serviceId: z.string(),
  image: z.string(),
  digest: z.string(),
  target: z.string(),
  revision: z.string(),
  replicas: z.number(),
  configurationId: z.string().nullable(),
  /** Where callers reach it; null when it has no route. */
  endpoint: z.string().nullable(),
  /** The deployment that brought this revision. */
  deploymentId: z.string(),
  /** What a worker on the outside saw of this revision; null until one has looked. */
  observed: observedService.nullable(),
  updatedAt: z.string(),
});

/** An environment by itself, without what runs in it. */
export const environmentSummary = z.strictObject({
  environmentId: z.string(),
  tenantId: z.string(),
  projectId: z.string(),
  name: z.string(),
  stage: z.enum(STAGES),
  region: z.string(),
  isolationModel: z.enum(ISOLATION_MODELS),
  computeTargets: z.array(z.enum(COMPUTE_TARGETS)),
  pulumiStackRef: z.string(),
  status: z.enum(ENVIRONMENT_STATUSES),
  /** When it is taken away by itself; null when nobody has said. */
  expiresAt: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  traceId: z.string(),
});

export const environmentsQuery = listQueryOf('environments', {
  name: environmentName.optional(),
  projectId: projectId.optional(),
  stage: z.enum(STAGES).optional(),
  status: z.enum(ENVIRONMENT_STATUSES).optional(),
  ...createdBetween,
});

export const environmentList = listOf(environmentSummary);

const inventory = z.strictObject({
  services: z.array(inventoryService),
  /** The deployment whose snapshot is live; null while nothing was deployed. */
  deploymentId: z.string().nullable(),
  configurationId: z.string().nullable(),
  /** Rises with every visible change of the environment. */
  revision: z.number(),
});

export const environmentInventory = z.strictObject({ environmentId: z.string(), inventory });

export const environmentAnswer = environmentSummary.extend({
  /** What the stack made, without secrets; null until it has been made. */
  outputs: z.record(z.string(), z.unknown()).nullable(),
  inventory,
  waitingOn: waitingOn.nullable(),
  /** Why provisioning failed, or decommissioning is blocked and by what. */
  failure: failure.nullable(),
});
