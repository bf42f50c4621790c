import pg from 'pg';

export interface Sql {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** A database of the plane, opened with its administrator's credential. */
export interface Database extends Sql {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** What a connection string for this database must say; undefined = no TLS. */
  readonly sslMode: 'require' | 'verify-full' | undefined;
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** undefined = no TLS; else the CA to trust (undefined inside = the system's) and whether the name is checked. */
  readonly tls: { readonly ca: string | undefined; readonly verifyName: boolean } | undefined;
}

/** Connections per plane database: one per reconcile worker is enough, four spare for the sweeper and the plane's probe. */
const MAX_CONNECTIONS = 20;
const CONNECT_TIMEOUT_MS = 5_000;

export function openDatabase(address: DatabaseAddress): Database {
  const pool = new pg.Pool({
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    password: address.password,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'memplane-operator',
    // Times are read as ISO 8601 alone: one that a server writes in another style would be read as none.
    onConnect: (client) => client.query('SET datestyle TO ISO').then(() => undefined),
    ...(address.tls === undefined ? {} : { ssl: tlsOptions(address.tls) }),
  });
  // An idle connection that the server closes is replaced at the next query, which reports what is wrong then.
  pool.on('error', () => undefined);
  // The same of one in use: its query is told, and without anybody who hears the connection itself the process would end.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    host: address.host,
    port: address.port,
    database: address.database,
    sslMode: address.tls === undefined ? undefined : address.tls.verifyName ? 'verify-full' : 'require',
    query: (text, values) => run(pool, text, values),
    transaction: (work) => transaction(pool, work),
    close: () => pool.end(),
  };
}

function tlsOptions(tls: { readonly ca: string | undefined; readonly verifyName: boolean }): pg.ClientConfig['ssl'] {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    rejectUnauthorized: true,
    ...(tls.verifyName ? {} : { checkServerIdentity: () => undefined }),
  };
}

async function run<Row extends object>(
  on: pg.Pool | pg.PoolClient,
  text: string,
  values?: readonly unknown[],
): Promise<readonly Row[]> {
  const result = await on.query<Row>(text, values === undefined ? undefined : [...values]);
  return result.rows;
}

async function transaction<T>(pool: pg.Pool, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const value = await work({ query: (text, values) => run(client, text, values) });
    await client.query('COMMIT');
    return value;
  } catch (error) {
    await client.query('ROLLBACK').catch((cause: Error) => {
      broken = cause;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Network and start-up failures: the database is away, nothing is wrong with what we asked. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '08000',
  '08003',
  '08006',
  '53300', // too_many_connections
]);
const REFUSED_LOGIN = new Set(['28000', '28P01', '3D000']);

/** Why a database did not answer, in words for a condition; undefined when the failure is of another kind. */
export function connectionProblem(error: unknown): 'unreachable' | 'refused' | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  if (REFUSED_LOGIN.has(code)) return 'refused';
  if (UNREACHABLE.has(code) || /timeout|terminated unexpectedly|ended/i.test(error.message)) return 'unreachable';
  return undefined;
}

const UNDEFINED_TABLE = '42P01';

/** What was read; `undefined` before somebody has made the tables. */
export async function unlessUnmade<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as { code?: unknown }).code === UNDEFINED_TABLE) return undefined;
    throw error;
  }
}

/** An identifier of ours inside DDL, which takes no parameters. */
export const identifier = (name: string): string => pg.escapeIdentifier(name);
export const literal = (value: string): string => pg.escapeLiteral(value);
