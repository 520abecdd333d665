import { index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import { DRIFT_KINDS, DRIFT_SEVERITIES, DRIFT_STATUSES } from '../../domain/drift.ts';
import type { EnvironmentId, FindingId, OperationId } from '../../domain/ids.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** What was found to differ from the live release; one open row for a kind and what it is about. */
export const driftFindings = pgTable(
  'drift_findings',
  {
    tenantId: tenantId(),
    id: text('id').$type<FindingId>().notNull(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    kind: text('kind', { enum: DRIFT_KINDS }).notNull(),
    /** A service's id, or a resource of the stack. */
    subject: text('subject').notNull(),
    /** Null for what belongs to no service. */
    serviceId: text('service_id'),
    desired: text('desired').notNull(),
    actual: text('actual').notNull(),
    severity: text('severity', { enum: DRIFT_SEVERITIES }).notNull(),
    status: text('status', { enum: DRIFT_STATUSES }).notNull(),
    /** The scan that saw it last. */
    operationId: text('operation_id').$type<OperationId>().notNull(),
    detectedAt: at('detected_at').notNull(),
    /** Null while it is open. */
    resolvedAt: at('resolved_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('drift_findings_environment').on(table.tenantId, table.environmentId, table.id),
    uniqueIndex('drift_findings_one_open')
      .on(table.tenantId, table.environmentId, table.kind, table.subject)
      .where(sql`${table.status} = 'Open'`),
    tenantNotEmpty(table),
  ],
);
