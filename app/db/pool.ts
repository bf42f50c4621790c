import pg from 'pg';
import { IsoClient } from './client.js';
import { codeOf, RETRYABLE } from './errors.js';

export interface PoolOptions {
  readonly url: string;
  readonly size: number;
  readonly onError: (error: Error) => void;
}

export type Database = pg.Pool;
export type Transaction = pg.PoolClient;
/** What a query function needs: it runs in a transaction or outside one. */
export type Queryable = Pick<pg.PoolClient, 'query'>;

/** uuid, int8 and timestamps leave the driver as the code uses them: text, number and Date. */
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.INT8) return Number;
    return pg.types.getTypeParser(oid, format as 'text');
  }) as typeof pg.types.getTypeParser,
};

/** So much of a pool is for short statements that come again and again: they wait for no long one, and are planned once. */
const laneSizeOf = (size: number): number => Math.min(4, Math.floor(size / 3));

/** Where `queryOften` sends its statements. */
export interface Lane {
  readonly pool: Database;
  /** Whether nothing else is sent there; a small pool has no connections to spare for that. */
  readonly alone: boolean;
}

const lanes = new WeakMap<Database, Lane>();

export const laneOf = (pool: Database): Lane => lanes.get(pool) ?? { pool, alone: false };

export const createPool = (options: PoolOptions): Database => {
  const laneSize = laneSizeOf(options.size);
  const pool = openPool(options, options.size - laneSize);
  if (laneSize === 0) return pool;
  const lane = openPool(options, laneSize);
  lanes.set(pool, { pool: lane, alone: true });
  const end = pool.end.bind(pool) as () => Promise<void>;
  pool.end = async () => {
    for (const before of enders.get(pool) ?? []) before();
    await Promise.all([end(), lane.end()]);
  };
  return pool;
};

const enders = new WeakMap<Database, (() => void)[]>();

/** Before a pool with a lane ends, which waits for every connection that somebody holds. */
export const onEnd = (pool: Database, before: () => void): void => {
  enders.set(pool, [...(enders.get(pool) ?? []), before]);
};

const openPool = (options: PoolOptions, max: number): Database => {
  const pool = new pg.Pool({
    Client: IsoClient,
    onConnect: (client) => (client instanceof IsoClient ? client.demandIso() : undefined),
    connectionString: options.url,
    max,
    application_name: 'memplane-memory',
    // Longer than a failover's connection attempt, shorter than a client's patience.
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    // A query that runs longer is a fault; it must not hold its connection for good.
    query_timeout: 60_000,
    types,
  });
  // An idle connection that dies raises here; unheard, it would end the process.
  pool.on('error', options.onError);
  // So does one that dies in somebody's hands between two queries; its holder meets the error at the next query.
  pool.on('connect', (client) => client.on('error', options.onError));
  return pool;
};

type After = () => Promise<void>;
/** Of the transactions that are open. */
const waiting = new WeakMap<Queryable, After[]>();

/** Done once the transaction has committed, before its caller goes on; never when it did not. Outside of one, at once. */
export const afterCommit = async (transaction: Queryable, after: After): Promise<void> => {
  const others = waiting.get(transaction);
  if (others === undefined) await after();
  else others.push(after);
};

/** Commits what `run` did, or rolls it back and throws. A connection whose rollback fails is not given back. */
export const inTransaction = async <T>(pool: Database, run: (transaction: Transaction) => Promise<T>): Promise<T> => {
  const after: After[] = [];
  const result = await runTransaction(pool, run, after);
  for (const one of after) await one();
  return result;
};

const runTransaction = async <T>(
  pool: Database,
  run: (transaction: Transaction) => Promise<T>,
  after: After[],
): Promise<T> => {
  const client = await pool.connect();
  waiting.set(client, after);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await run(client);
    await client.query('COMMIT');
    return result;
  } catch (cause) {
    await client.query('ROLLBACK').catch((error: Error) => {
      broken = error;
    });
    throw cause;
  } finally {
    waiting.delete(client);
    client.release(broken);
  }
};

const ATTEMPTS = 3;

/** As `inTransaction`, begun again when it met another writer. `run` must have no effect outside the database. */
export const inRetriedTransaction = async <T>(
  pool: Database,
  run: (transaction: Transaction) => Promise<T>,
  isConflict: (code: string) => boolean = (code) => RETRYABLE.has(code),
): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(pool, run);
    } catch (cause) {
      if (attempt === ATTEMPTS || !isConflict(codeOf(cause))) throw cause;
    }
  }
};
