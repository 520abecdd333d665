/** The database as the rest of the house sees it: a transaction of one tenant, or a look across tenants. */
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { escapeLiteral, Pool, type PoolClient } from 'pg';
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
    // Local to the transaction, so that a pooled connection carries no tenant to its next user.
    forTenant: (tenantId, work) =>
      transact(app, `begin; select set_config('slipway.tenant', ${escapeLiteral(tenantId)}, true)`, work),
    forSystem: (work) => transact(system, 'begin read only', work),
    forSweep: (work) => transact(system, 'begin', work),
    async ping() {
      await transact(app, 'begin', () => Promise.resolve());
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
/**
 * Everything that asks at once waits for its turn at a connection: a thousand readers that come back after a restart take
 * seconds, and the database is not away for that.
 */
const TURN_MS = 15_000;
/** For a server that is gone without a word. */
const QUERY_LIMIT_MS = 20_000;

function openPool(url: string, role: string, max: number): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    options: `-c role=${role} ${LIMITS}`,
    query_timeout: QUERY_LIMIT_MS,
    connectionTimeoutMillis: TURN_MS,
    keepAlive: true,
    application_name: role,
  });
  // An idle connection that the server closes is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  // Nor does one that is closed between two queries of a transaction: the next query says so.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** @param begin one or more statements; they go to the database in one message. */
async function transact<T>(pool: Pool, begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query(begin);
      const result = await work(drizzle(client));
      await commit(client);
      return result;
    } catch (error) {
      await client.query('rollback').catch((thrown: Error) => (broken = thrown));
      throw error;
    } finally {
      client.release(broken);
    }
  } catch (error) {
    throw translateDatabaseError(error);
  }
}

/** Postgres answers the commit of a transaction in which a statement has failed with a rollback, and calls that done. */
async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query('commit');
  if (command !== 'COMMIT') throw new Error('a statement of the transaction failed, and nobody was told');
}
