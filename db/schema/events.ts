import { bigint, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { EnvironmentId, EventId, OperationId } from '../../domain/ids.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** One row per visible change, in the same transaction as the change; the cursor is (environment, revision). */
export const events = pgTable(
  'events',
  {
    tenantId: tenantId(),
    id: text('id').$type<EventId>().notNull(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    revision: bigint('revision', { mode: 'number' }).notNull(),
    operationId: text('operation_id').$type<OperationId>(),
    /** Dotted noun and verb, e.g. `deployment.phase`, `component.progress`. */
    type: text('type').notNull(),
    data: jsonb('data').$type<Record<string, unknown>>().notNull(),
    at: at('at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('events_cursor').on(table.tenantId, table.environmentId, table.revision),
    index('events_operation').on(table.tenantId, table.operationId, table.revision),
    tenantNotEmpty(table),
  ],
);
