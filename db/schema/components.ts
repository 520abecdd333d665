import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { DeploymentId } from '../../domain/ids.ts';
import type { Failure } from '../../domain/failures.ts';
import { COMPONENT_STATUSES } from '../../domain/phases.ts';
import type { StepAction } from '../../domain/plan.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** How far each component of a deployment has come: these rows alone decide where a repeated attempt resumes. */
export const components = pgTable(
  'components',
  {
    tenantId: tenantId(),
    deploymentId: text('deployment_id').$type<DeploymentId>().notNull(),
    serviceId: text('service_id').notNull(),
    action: text('action').$type<StepAction>().notNull(),
    status: text('status', { enum: COMPONENT_STATUSES }).notNull(),
    /** Null when the component is retired. */
    image: text('image'),
    digest: text('digest'),
    target: text('target'),
    /** Null when it did not run before. */
    fromRevision: text('from_revision'),
    toRevision: text('to_revision'),
    replicasWanted: integer('replicas_wanted').notNull(),
    replicasReady: integer('replicas_ready').notNull().default(0),
    /** Percent of its traffic that the new revision takes. */
    trafficPercent: integer('traffic_percent').notNull().default(0),
    /** One sentence on where it stands. */
    reason: text('reason'),
    failure: jsonb('failure').$type<Failure>(),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.deploymentId, table.serviceId] }), tenantNotEmpty(table)],
);
