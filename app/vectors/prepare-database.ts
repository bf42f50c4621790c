import pg from 'pg';
import { codeOf } from '../db/errors.js';

export interface PrepareVectorsOptions {
  /** The owner's direct connection. */
  readonly url: string;
  readonly serviceRole: string;
  readonly provider: string;
  readonly dimensions: number;
}

const INSUFFICIENT_PRIVILEGE = '42501';
const NO_SUCH_FILE = '58P01';
const UNDEFINED_FILE = '0A000';

/** What an index outside, or one of pgvector, needs of the tenant's schema. Numbered migrations are for every provider; this is not. */
export const prepareVectorDatabase = async (options: PrepareVectorsOptions): Promise<void> => {
  if (options.provider === 'embedded') return;
  const client = new pg.Client({ connectionString: options.url, application_name: 'memplane-migrate' });
  // The query that it breaks is told; unheard, the connection itself would end the process in a stack trace.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('CREATE INDEX IF NOT EXISTS vectors_by_time ON vectors (change_xid, change)');
    await client.query(
      'CREATE INDEX IF NOT EXISTS vector_tombstones_by_time ON vector_tombstones (change_xid, change)',
    );
    if (options.provider === 'pgvector') await createPoints(client, options);
  } finally {
    await client.end();
  }
};

const createPoints = async (client: pg.Client, { serviceRole, dimensions }: PrepareVectorsOptions): Promise<void> => {
  const schema = await requireExtension(client);
  const held = await heldDimensions(client);
  // The points are a copy: another size is another table, fed from the beginning.
  if (held !== undefined && held !== dimensions) await client.query('DROP TABLE vector_points, vector_points_whole');
  await client.query(
    `CREATE UNLOGGED TABLE IF NOT EXISTS vector_points (
       id uuid PRIMARY KEY, partition uuid NOT NULL, vector ${schema}.halfvec(${dimensions}) NOT NULL)`,
  );
  await client.query('CREATE UNLOGGED TABLE IF NOT EXISTS vector_points_whole (whole boolean PRIMARY KEY)');
  for (const table of ['vector_points', 'vector_points_whole'])
    await client.query(`COMMENT ON TABLE ${table} IS 'memplane: data'`);
  await client.query('CREATE INDEX IF NOT EXISTS vector_points_by_partition ON vector_points (partition)');
  await client.query(
    `CREATE INDEX IF NOT EXISTS vector_points_by_distance ON vector_points USING hnsw (vector ${schema}.halfvec_cosine_ops)`,
  );
  await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON vector_points, vector_points_whole TO ${serviceRole}`);
};

const requireExtension = async (client: pg.Client): Promise<string> => {
  try {
    await client.query('CREATE EXTENSION IF NOT EXISTS vector');
  } catch (cause) {
    const code = codeOf(cause);
    if (![INSUFFICIENT_PRIVILEGE, NO_SUCH_FILE, UNDEFINED_FILE].includes(code)) throw cause;
    const why = code === INSUFFICIENT_PRIVILEGE ? 'may not be created by this role' : 'is not installed on the server';
    throw new Error(
      `The extension vector ${why}: an administrator runs CREATE EXTENSION vector in this database, or set VECTOR_PROVIDER=embedded`,
      { cause },
    );
  }
  const { rows } = await client.query<{ schema: string }>(
    `SELECT quote_ident(nspname) AS schema FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector'`,
  );
  if (!rows[0]) throw new Error('The extension vector was created and is not there');
  return rows[0].schema;
};

const heldDimensions = async (client: pg.Client): Promise<number | undefined> => {
  const { rows } = await client.query<{ size: number }>(
    `SELECT atttypmod AS size FROM pg_attribute WHERE attrelid = to_regclass('vector_points') AND attname = 'vector'`,
  );
  return rows[0]?.size;
};
