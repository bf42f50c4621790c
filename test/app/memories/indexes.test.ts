import pg from 'pg';
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
  ['by its key', 'memories_by_key', `key_token = '\\x00'`],
])('a memory %s is found by the index %s', async (_, index, condition) => {
  const { rows } = await client.query(`EXPLAIN SELECT id FROM memories WHERE ${condition}`);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain(index);
});
