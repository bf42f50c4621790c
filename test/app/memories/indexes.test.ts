import pg from 'pg';
import { hasContent } from '../../../app/memories/store.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  // On an empty table a scan of it is cheapest; which index a query can use is the question.
  await client.query('SET enable_seqscan = off');
}, 60_000);
afterAll(async () => {
  await client.end();
  await database.drop();
});

const SOMEBODY = '00000000-0000-4000-8000-000000000001';

it.each([
  [
    'of a person, newest first',
    'memories_by_user',
    `user_ref = '${SOMEBODY}' ORDER BY created_at DESC, id DESC LIMIT 50`,
  ],
  ['of everybody, newest first', 'memories_shared', 'scope = 3 ORDER BY created_at DESC, id DESC LIMIT 50'],
  ['without a vector', 'memories_without_vector', `user_ref = '${SOMEBODY}' AND vector_status = 0`],
  ['by its id', 'memories_pkey', `id = '${SOMEBODY}'`],
  ['of an agent', 'memories_by_agent', `agent_ref = '${SOMEBODY}' ORDER BY created_at DESC, id DESC LIMIT 50`],
  ['of a session', 'memories_by_session', `session_ref = '${SOMEBODY}' ORDER BY created_at DESC, id DESC LIMIT 50`],
  ['by a word of its sealed text', 'memories_by_token', 'search_tokens @> ARRAY[1, 2]'],
  ['by its fact', 'memories_by_fact', "fact_token = '\\x00'"],
  ['that is past its time', 'memories_by_expiry', 'expires_at <= now()'],
  ['by its content', 'memories_by_content', `status = 0 AND ${hasContent(`'{"\\\\x00"}'`)}`],
  ['by its key', 'memories_by_key', `key_token = '\\x00'`],
])('a memory %s is found by the index %s', async (_, index, condition) => {
  const { rows } = await client.query(`EXPLAIN SELECT id FROM memories WHERE ${condition}`);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain(index);
  // Its order is that of time already: only rows of one time are sorted.
  if (condition.includes('ORDER BY')) expect(plan).toContain('Presorted Key: created_at');
});

it("the vectors of a transaction are found by their partition and the transaction's number", async () => {
  const { rows } = await client.query(
    `EXPLAIN SELECT memory_id FROM vectors WHERE partition = '${SOMEBODY}' AND change_xid >= '5'::xid8 ORDER BY change_xid LIMIT 50`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('vectors_by_change');
  expect(plan).not.toContain('Sort');
});

it('what is written batch by batch takes few bytes of an index', async () => {
  // Of its own: how a table is read depends on what is in it.
  const filled = await createTestDatabase();
  const writer = new pg.Client({ connectionString: filled.ownerUrl });
  await writer.connect();
  await writer.query(
    `INSERT INTO memories (id, version, slot, sealed, envelope, content_hash, user_ref, scope, status, vector_status, confidence,
       importance, source_kind, trust_class, trust_score, created_at, updated_at)
     SELECT gen_random_uuid(), 1, 16, true, '', sha256(n::text::bytea), lpad((n / 1000 % 4)::text, 32, '0')::uuid, 0, 0, 1, 1, 1, 0, 1, 1,
       to_timestamp(n / 500), to_timestamp(n)
     FROM generate_series(1, 7000) AS n`,
  );
  const { rows } = await writer.query(
    `SELECT pg_relation_size('memories_by_user') / 7000.0 AS by_user, pg_relation_size('memories_by_content') / 7000.0 AS by_content`,
  );
  await writer.end();
  await filled.drop();
  expect(Number(rows[0].by_user)).toBeLessThan(15);
  expect(Number(rows[0].by_content)).toBeLessThan(40);
});
