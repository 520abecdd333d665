// One short administrator's connection per step; statements that take no parameters get quoted names and literals.
import pg from 'pg';

export type AdminSession = pg.Client;

/** @param database other than the one the URL names. */
export async function withAdmin<T>(
  adminUrl: string,
  database: string | null,
  use: (session: AdminSession) => Promise<T>,
): Promise<T> {
  const url = new URL(adminUrl);
  if (database !== null) url.pathname = `/${encodeURIComponent(database)}`;
  const session = new pg.Client({ connectionString: url.toString(), connectionTimeoutMillis: 10_000 });
  await session.connect();
  try {
    return await use(session);
  } finally {
    await session.end();
  }
}

export async function inTransaction(session: AdminSession, statements: readonly string[]): Promise<void> {
  await session.query('begin');
  try {
    for (const statement of statements) await session.query(statement);
    await session.query('commit');
  } catch (error) {
    await session.query('rollback');
    throw error;
  }
}

export const name = pg.escapeIdentifier;
export const literal = pg.escapeLiteral;

export function isSqlState(error: unknown, ...states: string[]): boolean {
  return error instanceof pg.DatabaseError && error.code !== undefined && states.includes(error.code);
}
