import { index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { ConfigurationId, DeploymentId, EnvironmentId } from '../../domain/ids.ts';
import type { Observed } from '../../domain/observed.ts';
import type { ComputeTargetName } from '../../domain/phases.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/** The inventory: what the live snapshot says, with the endpoint that its target gave. */
export const services = pgTable(
  'services',
  {
    tenantId: tenantId(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    /** The `moduleId`, verbatim. */
    serviceId: text('service_id').notNull(),
    image: text('image').notNull(),
    digest: text('digest').notNull(),
    target: text('target').$type<ComputeTargetName>().notNull(),
    revision: text('revision').notNull(),
    replicas: integer('replicas').notNull(),
    configurationId: text('configuration_id').$type<ConfigurationId>(),
    endpoint: text('endpoint'),
    /** The deployment that brought this revision. */
    deploymentId: text('deployment_id').$type<DeploymentId>().notNull(),
    /** What a worker on the outside saw of this revision; null until one has looked. All else here is Slipway's own. */
    observed: jsonb('observed').$type<Observed>(),
    updatedAt: at('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.environmentId, table.serviceId] }),
    index('services_by_id').on(table.tenantId, table.serviceId, table.environmentId),
    tenantNotEmpty(table),
  ],
);
