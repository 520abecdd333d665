import { jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { HEALTH_STATUSES, type CheckResult } from '../../domain/health.ts';
import type { EnvironmentId } from '../../domain/ids.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** What the prober saw of each service: the newest row is its health, a bounded number of older ones the history. */
export const healthSamples = pgTable(
  'health_samples',
  {
    tenantId: tenantId(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    serviceId: text('service_id').notNull(),
    evaluatedAt: at('evaluated_at').notNull(),
    status: text('status', { enum: HEALTH_STATUSES }).notNull(),
    checks: jsonb('checks').$type<CheckResult[]>().notNull(),
  },
  (table) => [
    primaryKey({
      name: 'health_samples_pk',
      columns: [table.tenantId, table.environmentId, table.serviceId, table.evaluatedAt],
    }),
    tenantNotEmpty(table),
  ],
);
