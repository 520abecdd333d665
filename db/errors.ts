/** What the database says, without the query: drizzle's message holds the statement and every parameter. */
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { PlatformError } from '../domain/errors.ts';

/** A refusal by the database, e.g. `23505` for a unique index. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly sqlState: string;
  readonly constraint: string | undefined;

  constructor(sqlState: string, constraint: string | undefined, what: string) {
    super(`database refused (${sqlState}${constraint ? `, ${constraint}` : ''}): ${what}`);
    this.sqlState = sqlState;
    this.constraint = constraint;
  }
}

export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return error instanceof DatabaseError && error.sqlState === '23505' && error.constraint === constraint;
}

/** Connection trouble becomes `DatabaseUnavailable`, a refusal a `DatabaseError`; anything else stays what it is. */
export function translateDatabaseError(error: unknown): unknown {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  if (!(cause instanceof Error)) return error;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  if (isConnectionTrouble(code, cause.message)) {
    return new PlatformError('DatabaseUnavailable', 'The database cannot be reached now.', {
      cause: new Error(cause.message),
      retryAfterSeconds: 5,
    });
  }
  if (code && /^[0-9A-Z]{5}$/.test(code)) {
    const constraint = 'constraint' in cause && typeof cause.constraint === 'string' ? cause.constraint : undefined;
    return new DatabaseError(code, constraint, cause.message);
  }
  return error instanceof DrizzleQueryError ? new Error(cause.message) : error;
}

function isConnectionTrouble(code: string | undefined, message: string): boolean {
  // 08: connection exceptions, 57P0x: shutting down or starting, 57014 and 55P03: too slow, 25P03: stopped for too long
  // in a transaction, 53300: too many connections.
  if (
    code &&
    (/^(08|57P0|57014|55P03|25P03|53300)/.test(code) || /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH)/.test(code))
  )
    return true;
  return /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
    message,
  );
}
