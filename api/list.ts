/** The one form of a list: `{items, nextCursor}`, by `limit`, `cursor` and the noun's own filters. */
import { z } from 'zod';
import type { Page, PageRequest } from '../db/page.ts';
import { instant } from './shapes/text.ts';

/** An opaque place in one list. It names no tenant: the caller's is looked up, whatever the cursor says. */
function cursorOf(list: string, key: readonly string[]): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString('base64url');
}

/** The sort key in a cursor that this list has given; undefined when it is none of its own. */
function keyIn(list: string, cursor: string): string[] | undefined {
  try {
    const content = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
    if (!Array.isArray(content) || !content.every((part) => typeof part === 'string')) return undefined;
    const [of, ...key] = content;
    return of === list && key.length > 0 && cursorOf(list, key) === cursor ? key : undefined;
  } catch {
    return undefined;
  }
}

const limit = z
  .string()
  .regex(/^(?:[1-9]|[1-9][0-9]|1[0-9]{2}|200)$/, 'is a number from 1 to 200')
  .meta({ type: 'integer', minimum: 1, maximum: 200, default: 50, pattern: undefined })
  .transform(Number)
  .default(50);

export const time = instant.optional();

/** Filters by when something was made: from one moment on, and before another. */
export const createdBetween = { createdAfter: time, createdBefore: time };

/** @param list which list the cursors belong to. @param filters its own parameters, each optional */
export function listQueryOf<F extends z.ZodRawShape>(list: string, filters: F) {
  const cursor = z
    .string()
    .max(1000)
    .transform((text, context) => {
      const key = keyIn(list, text);
      if (key) return key;
      context.addIssue({ code: 'custom', message: 'is no cursor that this list has given' });
      return z.NEVER;
    })
    .optional();
  return z.strictObject({ limit, cursor, ...filters });
}

/** The part of a parsed query that says which page is asked for. */
export function pageIn(query: { limit: number; cursor?: string[] }): PageRequest {
  return { limit: query.limit, after: query.cursor ?? null };
}

export function listOf<I extends z.ZodType>(item: I) {
  return z.strictObject({
    items: z.array(item),
    /** Give it back as `cursor` for what comes next; null at the end. */
    nextCursor: z.string().nullable(),
  });
}

export function listAnswer<T, I>(list: string, page: Page<T>, render: (row: T) => I) {
  const nextCursor = page.next && cursorOf(list, page.next);
  return { status: 200 as const, body: { items: page.rows.map(render), nextCursor } };
}
