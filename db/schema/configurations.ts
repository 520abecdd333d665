import { integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { ConfigurationId, EnvironmentId, TraceId } from '../../domain/ids.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** Immutable (trigger): a change is a new version. */
export const configurations = pgTable(
  'configurations',
  {
    tenantId: tenantId(),
    id: text('id').$type<ConfigurationId>().notNull(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    /** 1, 2, … within the environment. */
    version: integer('version').notNull(),
    /** Delivered as environment variables. */
    values: jsonb('values').$type<Record<string, string>>().notNull(),
    /** Delivered as files: relative path -> content. */
    files: jsonb('files').$type<Record<string, string>>().notNull(),
    /** SHA-256 of values and files. */
    hash: text('hash').notNull(),
    traceId: text('trace_id').$type<TraceId>().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('configurations_version').on(table.tenantId, table.environmentId, table.version),
    tenantNotEmpty(table),
  ],
);
