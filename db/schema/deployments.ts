import { boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type {
  ConfigurationId,
  DeploymentId,
  EnvironmentId,
  OperationId,
  SnapshotId,
  TraceId,
} from '../../domain/ids.ts';
import type { ComputeTargetName } from '../../domain/phases.ts';
import type { RolloutPolicy } from '../../domain/rollout.ts';
import type { HealthCheck } from '../../domain/snapshot.ts';
import { STRATEGIES, type Step } from '../../domain/strategy.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** A component as it was asked for; what is left out is decided when the deployment is prepared. */
export interface RequestedComponent {
  moduleId: string;
  image: string;
  target: ComputeTargetName;
  port?: number;
  health?: HealthCheck;
  replicas?: number;
  env?: Record<string, string>;
  resources?: { cpuMillicores?: number; memoryMib?: number };
  dependsOn?: string[];
  /** What the image resolved to where it was promoted from: it runs here too, whatever the tag names now. */
  digest?: string;
}

export const deployments = pgTable(
  'deployments',
  {
    tenantId: tenantId(),
    id: text('id').$type<DeploymentId>().notNull(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    operationId: text('operation_id').$type<OperationId>().notNull(),
    releaseRef: text('release_ref').notNull(),
    strategy: text('strategy', { enum: STRATEGIES }).notNull(),
    rollout: jsonb('rollout').$type<RolloutPolicy>().notNull(),
    /** Before the whole; none for a rolling one. */
    steps: jsonb('steps').$type<Step[]>().notNull().default([]),
    /** How many stages are behind it; the phase HealthGating comes after the last of them, as one more. */
    stepsPassed: integer('steps_passed').notNull().default(0),
    /** The number of the one that is watched, or waits, now; null while none does. */
    step: integer('step'),
    configurationId: text('configuration_id').$type<ConfigurationId>(),
    /** Empty for a rollback, which names a whole snapshot instead, and for what changes the live one: restart, scaling. */
    components: jsonb('components').$type<RequestedComponent[]>().notNull(),
    prune: boolean('prune').notNull(),
    /** The deployment whose effect this one takes back. */
    rollbackOf: text('rollback_of').$type<DeploymentId>(),
    /** The service whose replicas it replaces by others of the same kind. */
    restartOf: text('restart_of'),
    /** The deployment whose digests it promotes; what is not of the release comes from where they are promoted to. */
    fromDeploymentId: text('from_deployment_id').$type<DeploymentId>(),
    /** What was live when it was prepared; null before that, and for the first of an environment. */
    previousSnapshotId: text('previous_snapshot_id').$type<SnapshotId>(),
    /** What it wants; known from the start for a rollback, else once it is prepared. */
    snapshotId: text('snapshot_id').$type<SnapshotId>(),
    /** Null until images are resolved and the component rows stand. */
    preparedAt: at('prepared_at'),
    traceId: text('trace_id').$type<TraceId>().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('deployments_operation').on(table.tenantId, table.operationId),
    index('deployments_environment').on(table.tenantId, table.environmentId, table.createdAt),
    index('deployments_list').on(table.tenantId, table.environmentId, table.id),
    tenantNotEmpty(table),
  ],
);
