import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

/**
 * How far what Temporal remembers has been compared with the rows, for each Temporal that has ever been behind them. It is
 * kept beside the rows so that a database which is put back forgets as much of it as it forgets of them.
 */
export const temporalLooks = pgTable(
  'temporal_looks',
  {
    tenantId: tenantId(),
    /** Another Temporal, or the same one made anew, has another. */
    namespaceId: text('namespace_id').notNull(),
    /** What had closed by then has been compared. */
    comparedUntil: at('compared_until').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.namespaceId] }), tenantNotEmpty(table)],
);
