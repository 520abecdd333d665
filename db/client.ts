/** The database as the rest of the house sees it: a transaction of one tenant, or a look across tenants. */
import { sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';
import { translateDatabaseError } from './errors.ts';

export type Tx = Pick<NodePgDatabase, 'select' | 'insert' | 'update' | 'delete' | 'execute' | 'selectDistinct'>;

export interface Database extends AsyncDisposable {
  /** One transaction that sees only this tenant's rows. */
  forTenant<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** One read-only transaction as `slipway_system`: the columns that reconcile needs, of every tenant. */
  forSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** One transaction as `slipway_system` that may take leases of due rows, of every tenant, and change nothing else. */
  forSweep<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** @throws PlatformError `DatabaseUnavailable` */
  ping(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** Connections for tenants' transactions. @default 10 */
  poolSize?: number;
}

export function openDatabase({ url, poolSize = 10 }: DatabaseOptions): Database {
  const app = openPool(url, 'slipway_app', poolSize);
  const system = openPool(url, 'slipway_system', 2);
  return {
    forTenant: (tenantId, work) =>
      transact(drizzle(app), async (tx) => {
        // Local to the transaction, so that a pooled connection carries no tenant to its next user.
        await tx.execute(sql`select set_config('slipway.tenant', ${tenantId}, true)`);
        return await work(tx);
      }),
    forSystem: (work) => transact(drizzle(system), work, { accessMode: 'read only' }),
    forSweep: (work) => transact(drizzle(system), work),
    async ping() {
      await transact(drizzle(app), (tx) => tx.execute(sql`select 1`));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([app.end(), system.end()]);
    },
  };
}

/**
 * A process that was stopped in the middle of a transaction may hold an environment's row: the server ends it after this
 * long, and nobody waits longer than that for a lock.
 */
const LIMITS = '-c idle_in_transaction_session_timeout=10000 -c lock_timeout=12000 -c statement_timeout=15000';
/** For a server that is gone without a word. */
const QUERY_LIMIT_MS = 20_000;

function openPool(url: string, role: string, max: number): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    options: `-c role=${role} ${LIMITS}`,
    query_timeout: QUERY_LIMIT_MS,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: role,
  });
  // An idle connection that the server closes is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  // Nor does one that is closed between two queries of a transaction: the next query says so.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

async function transact<T>(
  db: NodePgDatabase,
  work: (tx: Tx) => Promise<T>,
  options?: { accessMode: 'read only' },
): Promise<T> {
  try {
    return await db.transaction(work, options);
  } catch (error) {
    throw translateDatabaseError(error);
  }
}
