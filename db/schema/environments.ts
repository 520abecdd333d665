import { bigint, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import type { EnvironmentId, SnapshotId, TraceId } from '../../domain/ids.ts';
import { ENVIRONMENT_STATUSES, ISOLATION_MODELS, STAGES, type ComputeTargetName } from '../../domain/phases.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

export const environments = pgTable(
  'environments',
  {
    tenantId: tenantId(),
    id: text('id').$type<EnvironmentId>().notNull(),
    projectId: text('project_id').notNull(),
    name: text('name').notNull(),
    stage: text('stage', { enum: STAGES }).notNull(),
    region: text('region').notNull(),
    isolationModel: text('isolation_model', { enum: ISOLATION_MODELS }).notNull(),
    computeTargets: jsonb('compute_targets').$type<ComputeTargetName[]>().notNull(),
    /** The Pulumi stack's name; the Pulumi project carries the tenant. */
    pulumiStackRef: text('pulumi_stack_ref').notNull(),
    status: text('status', { enum: ENVIRONMENT_STATUSES }).notNull(),
    /** What the stack made, without secrets; null until it has been made. */
    outputs: jsonb('outputs').$type<Record<string, unknown>>(),
    /** What should run now; null while nothing was deployed. */
    liveSnapshotId: text('live_snapshot_id').$type<SnapshotId>(),
    /** Order of the next accepted operation. */
    nextSeq: bigint('next_seq', { mode: 'number' }).notNull().default(1),
    /** The highest attempt number of a mutating activity. */
    fence: bigint('fence', { mode: 'number' }).notNull().default(0),
    /** Number of the last event; rises with every visible change. */
    revision: bigint('revision', { mode: 'number' }).notNull().default(0),
    /** Why reality has to be brought back to the live snapshot before the next operation; null when it has not. */
    convergeReason: text('converge_reason'),
    /** When it is to be taken away; null for never. */
    expiresAt: at('expires_at'),
    traceId: text('trace_id').$type<TraceId>().notNull(),
    createdAt: at('created_at').notNull(),
    updatedAt: at('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    // A name is free again once nothing stands under it any more.
    uniqueIndex('environments_name')
      .on(table.tenantId, table.name)
      .where(sql`${table.status} not in ('Failed', 'Decommissioned')`),
    index('environments_converge')
      .on(table.tenantId, table.id)
      .where(sql`${table.convergeReason} is not null`),
    tenantNotEmpty(table),
  ],
);
