import { index, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import { APPROVAL_STATUSES } from '../../domain/approvals.ts';
import type { GovernedAction } from '../../domain/governed.ts';
import type { ApprovalId, EnvironmentId, OperationId, TraceId } from '../../domain/ids.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** What governance wants somebody to approve: one plan of one requester, once. One that is used or over never changes again (trigger). */
export const approvals = pgTable(
  'approvals',
  {
    tenantId: tenantId(),
    id: text('id').$type<ApprovalId>().notNull(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    /** What waits for it; null for a change that is asked for again once it is approved. */
    operationId: text('operation_id').$type<OperationId>(),
    action: text('action').$type<GovernedAction>().notNull(),
    /** What it is about: of another plan it says nothing. */
    planHash: text('plan_hash').notNull(),
    requestedBySubject: text('requested_by_subject').notNull(),
    requestedByClient: text('requested_by_client').notNull(),
    /** Why governance wants it. */
    reasons: jsonb('reasons').$type<string[]>().notNull(),
    obligations: jsonb('obligations').$type<string[]>().notNull(),
    status: text('status', { enum: APPROVAL_STATUSES }).notNull(),
    /** Its id at the Governance platform, where that keeps approvals too. */
    externalId: text('external_id'),
    expiresAt: at('expires_at').notNull(),
    decidedBySubject: text('decided_by_subject'),
    /** Null when it was decided at the Governance platform. */
    decidedByClient: text('decided_by_client'),
    decidedAt: at('decided_at'),
    comment: text('comment'),
    traceId: text('trace_id').$type<TraceId>().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('approvals_environment').on(table.tenantId, table.environmentId, table.id),
    uniqueIndex('approvals_one_open')
      .on(table.tenantId, table.operationId)
      .where(sql`${table.status} in ('Pending', 'Approved')`),
    index('approvals_expiry')
      .on(table.expiresAt)
      .where(sql`${table.status} = 'Pending'`),
    tenantNotEmpty(table),
  ],
);
