import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { ApprovalId, OperationId } from '../../domain/ids.ts';
import { tenantId, tenantNotEmpty } from './columns.ts';

/** Which services an operation or an approval is about; written with it, and an operation's once more when it is prepared. */
export const concernedServices = pgTable(
  'concerned_services',
  {
    tenantId: tenantId(),
    serviceId: text('service_id').notNull(),
    /** The operation or the approval. */
    subjectId: text('subject_id').$type<OperationId | ApprovalId>().notNull(),
  },
  (table) => [
    primaryKey({ name: 'concerned_services_pk', columns: [table.tenantId, table.serviceId, table.subjectId] }),
    index('concerned_services_subject').on(table.tenantId, table.subjectId),
    tenantNotEmpty(table),
  ],
);
