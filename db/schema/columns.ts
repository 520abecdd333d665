/** Columns that every table spells the same way. */
import { sql } from 'drizzle-orm';
import { check, text, timestamp, type AnyPgColumn } from 'drizzle-orm/pg-core';

/** Led by in every unique index, and never empty: an empty tenant would match a session that has set none. */
export const tenantId = () => text('tenant_id').notNull();

export const tenantNotEmpty = (table: { tenantId: AnyPgColumn }) =>
  check('tenant_not_empty', sql`${table.tenantId} <> ''`);

/** Milliseconds, UTC, read as `Date`. */
export const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });
