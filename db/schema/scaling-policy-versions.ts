import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import { SCALING_CHANGES } from '../../domain/scaling.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';
import { policyColumns } from './scaling-policies.ts';

/** Immutable (trigger): what each policy said, from its first application on. The last row of a policy is how it stands. */
export const scalingPolicyVersions = pgTable(
  'scaling_policy_versions',
  {
    tenantId: tenantId(),
    ...policyColumns(),
    /** 1, 2, … of the policy. */
    version: integer('version').notNull(),
    /** What made it so. One that is removed says what it said before. */
    change: text('change', { enum: SCALING_CHANGES }).notNull(),
    /** When the policy was applied first. */
    createdAt: at('created_at').notNull(),
    /** When this version came to be. */
    updatedAt: at('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'scaling_policy_versions_pk', columns: [table.tenantId, table.id, table.version] }),
    index('scaling_policy_versions_removed')
      .on(table.tenantId, table.id)
      .where(sql`${table.change} = 'Removed'`),
    tenantNotEmpty(table),
  ],
);
