import { boolean, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { EnvironmentId, PolicyId, TraceId } from '../../domain/ids.ts';
import type { ComputeTargetName } from '../../domain/phases.ts';
import { SCALING_METRICS } from '../../domain/scaling.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** What a policy says, and of what. */
export const policyColumns = () => ({
  /** Kept when the policy is replaced. */
  id: text('id').$type<PolicyId>().notNull(),
  environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
  serviceId: text('service_id').notNull(),
  target: text('target').$type<ComputeTargetName>().notNull(),
  metric: text('metric', { enum: SCALING_METRICS }).notNull(),
  minReplicas: integer('min_replicas').notNull(),
  maxReplicas: integer('max_replicas').notNull(),
  targetUtilizationPercent: integer('target_utilization_percent').notNull(),
  scaleToZero: boolean('scale_to_zero').notNull(),
  traceId: text('trace_id').$type<TraceId>().notNull(),
});

/** The policy in force of each service, at most one; what was before is in its versions, and what ran under which one in the snapshots. */
export const scalingPolicies = pgTable(
  'scaling_policies',
  {
    tenantId: tenantId(),
    ...policyColumns(),
    createdAt: at('created_at').notNull(),
    updatedAt: at('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('scaling_policies_service').on(table.tenantId, table.environmentId, table.serviceId),
    tenantNotEmpty(table),
  ],
);
