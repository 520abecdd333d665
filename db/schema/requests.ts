import { index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import type { EnvironmentId, OperationId, RequestId, TraceId } from '../../domain/ids.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

export const DECISIONS = ['allowed', 'denied'] as const;

/** Receipts: a judged mutation leaves one row, written once. It is audit, idempotency and governance record in one. */
export const requests = pgTable(
  'requests',
  {
    tenantId: tenantId(),
    id: text('id').$type<RequestId>().notNull(),
    clientId: text('client_id').notNull(),
    subject: text('subject').notNull(),
    method: text('method').notNull(),
    route: text('route').notNull(),
    idempotencyKey: text('idempotency_key'),
    /** SHA-256 of the canonical parsed input. */
    bodyHash: text('body_hash').notNull(),
    decision: text('decision', { enum: DECISIONS }).notNull(),
    /** The error code of a denial; null when allowed. */
    code: text('code'),
    /** Governance's answer where it was asked. */
    governance: jsonb('governance').$type<Record<string, unknown>>(),
    environmentId: text('environment_id').$type<EnvironmentId>(),
    operationId: text('operation_id').$type<OperationId>(),
    answerStatus: integer('answer_status').notNull(),
    answerHeaders: jsonb('answer_headers').$type<Record<string, string>>().notNull(),
    answerBody: jsonb('answer_body').notNull(),
    traceId: text('trace_id').$type<TraceId>().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('requests_idempotency')
      .on(table.tenantId, table.clientId, table.subject, table.method, table.route, table.idempotencyKey)
      .where(sql`${table.idempotencyKey} is not null and ${table.decision} = 'allowed'`),
    index('requests_time').on(table.tenantId, table.createdAt),
    index('requests_environment').on(table.tenantId, table.environmentId, table.id),
    tenantNotEmpty(table),
  ],
);
