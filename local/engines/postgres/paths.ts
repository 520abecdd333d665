// Where the embedded Postgres keeps its things in a home, and how it is reached.
import { join } from 'node:path';

export const EMBEDDED_DATABASE = 'slipway';
const SUPERUSER = 'postgres';

/** The data directory. */
export function dataFolder(home: string): string {
  return join(home, 'postgres');
}

/** The generated superuser password, mode 0600. */
export function passwordFile(home: string): string {
  return join(home, 'postgres.password');
}

/** The superuser's connection string. */
export function embeddedDatabaseUrl(port: number, password: string, database = EMBEDDED_DATABASE): string {
  return `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}
