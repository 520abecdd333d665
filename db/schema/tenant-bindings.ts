import { jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { BindingId, EnvironmentId } from '../../domain/ids.ts';
import { ISOLATION_MODELS } from '../../domain/phases.ts';
import type { EnvironmentQuotas } from '../../domain/quota.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** Which tenant may act on which environment; written with the environment, checked on every call. */
export const tenantBindings = pgTable(
  'tenant_bindings',
  {
    tenantId: tenantId(),
    id: text('id').$type<BindingId>().notNull(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    isolationModel: text('isolation_model', { enum: ISOLATION_MODELS }).notNull(),
    /** What differs from the configured quotas; null when nothing does. */
    quota: jsonb('quota').$type<Partial<EnvironmentQuotas>>(),
    createdAt: at('created_at').notNull(),
    /** Null while the binding holds. */
    revokedAt: at('revoked_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('tenant_bindings_environment').on(table.tenantId, table.environmentId),
    tenantNotEmpty(table),
  ],
);
