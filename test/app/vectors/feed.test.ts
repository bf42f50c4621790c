import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { selectChanges, UNSEEN } from '../../../app/vectors/feed.js';
import { createTestDatabase, type TestDatabase, testCluster } from '../../support/postgres.js';

let database: TestDatabase;
const clients: pg.Client[] = [];
const open = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  clients.push(client);
  return client;
};
let db: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  db = await open(database.serviceUrl);
});
afterAll(async () => {
  for (const client of clients) await client.end();
  await database.drop();
});

const MODEL = 'a-model';
const put = (client: pg.Client, partition: string, count: number) =>
  client.query(
    `INSERT INTO vectors (memory_id, version, slot, partition, model, sealed, vector)
     SELECT gen_random_uuid(), 1, 16, $1, '${MODEL}', false, '' FROM generate_series(1, $2)`,
    [partition, count],
  );
const remove = (client: pg.Client, partition: string) =>
  client.query('INSERT INTO vector_tombstones (memory_id, partition) VALUES (gen_random_uuid(), $1)', [partition]);
/** How many are there and how many are gone since. */
const follow = (partition: string) => {
  let watermark = UNSEEN;
  return async (): Promise<readonly number[]> => {
    const found = await selectChanges(db, [partition], [watermark], MODEL);
    watermark = found.watermark;
    const gone = found.changes.filter((change) => change.gone).length;
    return [found.changes.length - gone, gone];
  };
};

describe('what happened to a partition', () => {
  it('is told once, though a transaction of another database has been running since before', async () => {
    const other = await open((await testCluster()).adminUrl);
    await other.query('BEGIN');
    await other.query('SELECT pg_current_xact_id()');
    const partition = randomUUID();
    const next = follow(partition);
    await put(db, partition, 300);
    await remove(db, partition);
    expect(await next()).toEqual([300, 1]);
    expect(await next()).toEqual([0, 0]);
    await put(db, partition, 2);
    expect(await next()).toEqual([2, 0]);
    expect(await next()).toEqual([0, 0]);
    await other.query('COMMIT');
    expect(await next()).toEqual([0, 0]);
  });

  it('is told, once too, of a transaction that commits after later ones', async () => {
    const partition = randomUUID();
    const next = follow(partition);
    const late = await open(database.serviceUrl);
    await late.query('BEGIN');
    await put(late, partition, 3);
    await remove(late, partition);
    await put(db, partition, 1);
    expect(await next()).toEqual([1, 0]);
    await put(late, partition, 1);
    await put(db, partition, 1);
    expect(await next()).toEqual([1, 0]);
    await late.query('COMMIT');
    expect(await next()).toEqual([4, 1]);
    expect(await next()).toEqual([0, 0]);
  });

  it('is told of each partition since it was last asked for', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    await put(db, one, 2);
    const { watermark } = await selectChanges(db, [one], [UNSEEN], MODEL);
    await put(db, one, 1);
    await put(db, other, 4);
    const { changes } = await selectChanges(db, [one, other], [watermark, UNSEEN], MODEL);
    expect([one, other].map((name) => changes.filter(({ partition }) => partition === name).length)).toEqual([1, 4]);
  });
});
