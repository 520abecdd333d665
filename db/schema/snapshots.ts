import { index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { EnvironmentId, SnapshotId } from '../../domain/ids.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** Immutable (trigger). */
export const snapshots = pgTable(
  'snapshots',
  {
    tenantId: tenantId(),
    id: text('id').$type<SnapshotId>().notNull(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    content: jsonb('content').$type<Snapshot>().notNull(),
    /** The snapshot that a deployment made, when this one differs from it by scaling policies alone. */
    derivedFrom: text('derived_from').$type<SnapshotId>(),
    hash: text('hash').notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('snapshots_environment').on(table.tenantId, table.environmentId),
    tenantNotEmpty(table),
  ],
);
