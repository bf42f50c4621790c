// The yardstick of ingest: client binary COPY, a transaction each batch.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';

const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);

export const openAdmin = (tenant, size) =>
  new pg.Pool({
    connectionString: tenant.database.adminUrl,
    max: size,
    options: `-c search_path=${tenant.database.schema}`,
  });

export async function copyIn(pool, into, bytes) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    for (const [table, chunk] of Object.entries(bytes)) {
      await pipeline(Readable.from([chunk]), client.query(copyFrom(`COPY ${into[table]} FROM STDIN (FORMAT binary)`)));
    }
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

/** The very bytes that a COPY of these rows takes. */
export async function copyOut(pool, query) {
  const client = await pool.connect();
  try {
    const chunks = [];
    for await (const chunk of client.query(copyTo(`COPY (${query}) TO STDOUT (FORMAT binary)`))) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    client.release();
  }
}

/** A fact as a plain table has it: id, owner, time, text, vector as bytes; a primary key and one index. */
export const PLAIN_TABLE = `
  CREATE TABLE plain_facts (id uuid PRIMARY KEY, owner uuid NOT NULL, created_at timestamptz NOT NULL, content text NOT NULL, vector bytea NOT NULL);
  CREATE INDEX ON plain_facts (owner, created_at);`;

export function encodePlain(rows) {
  const parts = [HEADER];
  for (const { id, owner, time, text, vector } of rows) {
    const words = Buffer.from(text, 'utf8');
    const row = Buffer.allocUnsafe(2 + 20 + 20 + 12 + 4 + words.length + 4 + vector.length);
    row.writeInt16BE(5, 0);
    row.writeInt32BE(16, 2);
    id.copy(row, 6);
    row.writeInt32BE(16, 22);
    owner.copy(row, 26);
    row.writeInt32BE(8, 42);
    row.writeBigInt64BE(BigInt(time), 46);
    row.writeInt32BE(words.length, 54);
    words.copy(row, 58);
    row.writeInt32BE(vector.length, 58 + words.length);
    vector.copy(row, 62 + words.length);
    parts.push(row);
  }
  parts.push(TRAILER);
  return Buffer.concat(parts);
}
