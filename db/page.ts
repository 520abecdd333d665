/**
 * Pages by key: one begins after the sort key of the row before it, so that rows which come in meanwhile neither shift
 * it nor show a row twice. Ids are sorted by when they were made.
 */
import { and, desc, eq, gte, lt, sql, type SQL } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { tenantBindings } from './schema/index.ts';

export interface PageRequest {
  /** At most so many rows. */
  limit: number;
  /** The sort key of the last row of the page before, or null at the beginning. */
  after: readonly string[] | null;
}

export interface Page<T> {
  rows: T[];
  /** What the next page comes after; null when there is none. */
  next: string[] | null;
}

/** When rows were made: from `createdAfter` on, and before `createdBefore`. */
export interface CreatedBetween {
  createdAfter?: Date;
  createdBefore?: Date;
}

/** The order of a list: the primary key without the tenant, highest first, so the newest id. */
export function byKey(...columns: AnyPgColumn[]): SQL[] {
  return columns.map((column) => desc(column));
}

/** What comes after the page before, in the order of `byKey`. */
export function afterKey({ after }: PageRequest, ...columns: AnyPgColumn[]): SQL | undefined {
  if (after === null) return undefined;
  const values = columns.map((_column, at) => sql`${after[at] ?? ''}`);
  return sql`(${sql.join(columns, sql`, `)}) < (${sql.join(values, sql`, `)})`;
}

/** @param rows one more than the page holds, when there is another page. @param keyOf the sort key of a row */
export function pageOf<T>(rows: T[], { limit }: PageRequest, keyOf: (row: T) => string[]): Page<T> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last !== undefined ? keyOf(last) : null };
}

/** What a filter leaves open is not looked at. */
export function equals<V>(column: AnyPgColumn, wanted: V | undefined): SQL | undefined {
  return wanted === undefined ? undefined : eq(column, wanted);
}

export function createdBetween(column: AnyPgColumn, { createdAfter, createdBefore }: CreatedBetween): SQL | undefined {
  return between(column, createdAfter, createdBefore);
}

/** From one moment on, and before another. */
export function between(column: AnyPgColumn, from: Date | undefined, until: Date | undefined): SQL | undefined {
  return and(from && gte(column, from), until && lt(column, until));
}

/** The tenant may act on the row's environment: its binding holds. What lies behind a revoked one is in no list. */
export function isBound(row: { tenantId: AnyPgColumn; environmentId: AnyPgColumn }): SQL {
  const { tenantId, environmentId, revokedAt } = tenantBindings;
  return sql`exists (select 1 from ${tenantBindings} where ${tenantId} = ${row.tenantId} and ${environmentId} = ${row.environmentId} and ${revokedAt} is null)`;
}
