import { index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { EnvironmentId, SecretBindingId, TraceId } from '../../domain/ids.ts';
import type { BoundSecret } from '../../domain/secrets.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** `manual`: another version is taken by another binding. */
export const ROTATION_POLICIES = ['manual'] as const;

/** Immutable (trigger): which versions of which secrets a service gets from its next deployment on. References only. */
export const secretBindings = pgTable(
  'secret_bindings',
  {
    tenantId: tenantId(),
    id: text('id').$type<SecretBindingId>().notNull(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    serviceId: text('service_id').notNull(),
    secrets: jsonb('secrets').$type<BoundSecret[]>().notNull(),
    rotationPolicy: text('rotation_policy', { enum: ROTATION_POLICIES }).notNull(),
    traceId: text('trace_id').$type<TraceId>().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('secret_bindings_environment').on(table.tenantId, table.environmentId, table.serviceId),
    tenantNotEmpty(table),
  ],
);
