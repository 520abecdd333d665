import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { EnvironmentId } from '../../domain/ids.ts';
import type { SweepKind } from '../../domain/sweeps.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** What the sweeps have to visit, and when next. Sweeps claim rows of every tenant, in batches, for as long as a lease. */
export const due = pgTable(
  'due',
  {
    tenantId: tenantId(),
    kind: text('kind').$type<SweepKind>().notNull(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    /** What is visited in the environment, by the kind's own names: a service for `health`; always the same for `expiry`. */
    subject: text('subject').notNull(),
    dueAt: at('due_at').notNull(),
    /** Who visits it now; null, or as good as null once the lease is over, when nobody does. */
    leaseToken: text('lease_token'),
    leaseUntil: at('lease_until'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.kind, table.environmentId, table.subject] }),
    index('due_next').on(table.kind, table.dueAt),
    tenantNotEmpty(table),
  ],
);
