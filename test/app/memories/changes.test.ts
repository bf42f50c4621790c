import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { createPool, type Database } from '../../../app/db/pool.js';
import { type ChangeWatch, createChangeWatch, createForgetting } from '../../../app/memories/changes.js';
import { eventually } from '../../support/memory-service.js';
import { createTestDatabase, startOwnCluster, type TestDatabase } from '../../support/postgres.js';

let database: TestDatabase;
let db: Database;
const writers: pg.Client[] = [];
beforeAll(async () => {
  database = await createTestDatabase({});
  db = createPool({ url: database.serviceUrl, size: 8, onError: () => undefined });
});
afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.end();
});
afterAll(async () => {
  await db.end();
  await database.drop();
});

const openWriter = async (): Promise<pg.Client> => {
  const writer = new pg.Client({ connectionString: database.ownerUrl });
  await writer.connect();
  writers.push(writer);
  return writer;
};
const tell = (writer: pg.Client, ids: readonly string[] | null) =>
  writer.query('INSERT INTO memory_changes (ids) VALUES ($1)', [ids]);

/** A watch that has looked once, and what it was told since. */
const openWatch = async (): Promise<{ watch: ChangeWatch; told: (readonly string[] | undefined)[] }> => {
  const watch = createChangeWatch(db);
  const told: (readonly string[] | undefined)[] = [];
  watch.onChange((ids) => void told.push(ids));
  await watch.look();
  expect(told.splice(0)).toEqual([undefined]);
  return { watch, told };
};

describe('a look at what changed', () => {
  it('tells of each change once, and of nothing when nothing has happened', async () => {
    const { watch, told } = await openWatch();
    const writer = await openWriter();
    const [a, b] = [randomUUID(), randomUUID()];
    await tell(writer, [a]);
    await tell(writer, []);
    await tell(writer, [b, a]);
    const before = watch.revision();
    await watch.look();
    expect(told.splice(0)).toEqual([[a], [], [b, a]]);
    expect(watch.revision()).not.toBe(before);
    const after = watch.revision();
    await watch.look();
    expect([told, watch.revision()]).toEqual([[], after]);
  });

  it('tells of a transaction that was running at the look before, though later ones were told already', async () => {
    const { watch, told } = await openWatch();
    const [slow, quick] = [await openWriter(), await openWriter()];
    const [a, b] = [randomUUID(), randomUUID()];
    await slow.query('BEGIN');
    await tell(slow, [a]);
    await tell(quick, [b]);
    await watch.look();
    expect(told.splice(0)).toEqual([[b]]);
    await watch.look();
    expect(told).toEqual([]);
    await slow.query('COMMIT');
    await watch.look();
    expect(told.splice(0)).toEqual([[a]]);
    await watch.look();
    expect(told).toEqual([]);
  });

  it('says that anything may have changed when it is more than is listed', async () => {
    const { watch, told } = await openWatch();
    const writer = await openWriter();
    await tell(writer, null);
    await watch.look();
    expect(told.splice(0)).toEqual([undefined]);
    await writer.query(`INSERT INTO memory_changes (ids) SELECT '{}' FROM generate_series(1, 300)`);
    await watch.look();
    expect(told.splice(0)).toEqual([undefined]);
    await writer.query('TRUNCATE memories CASCADE');
    await watch.look();
    expect(told).toContain(undefined);
  });

  it('is never one that was sent before somebody asked: what is committed before a question is told before its answer', async () => {
    const { watch, told } = await openWatch();
    const writer = await openWriter();
    const asked: Promise<void>[] = [];
    for (let n = 0; n < 200; n++) {
      const id = randomUUID();
      await tell(writer, [id]);
      // Some of them ask while others' looks are under way.
      asked.push(watch.look().then(() => expect(told.some((ids) => ids?.includes(id))).toBe(true)));
      if (n % 3 === 0) void watch.look();
    }
    await Promise.all(asked);
  });

  it('fails for those who asked when the database does, and goes on with the next', async () => {
    const away = createPool({ url: 'postgresql://nobody@127.0.0.1:1/none', size: 8, onError: () => undefined });
    await expect(createChangeWatch(away).look()).rejects.toThrow();
    await away.end();
  });
});

it('says that anything may have changed when a process of the server was killed, which empties what nobody has read yet', async () => {
  const cluster = await startOwnCluster({ durable: false });
  const own = await createTestDatabase({ cluster });
  const pool = createPool({ url: own.serviceUrl, size: 8, onError: () => undefined });
  try {
    const watch = createChangeWatch(pool);
    let told = 0;
    watch.onChange((ids) => {
      if (ids === undefined) told++;
    });
    await watch.look();
    await watch.look();
    expect(told).toBe(1);
    const writer = new pg.Client({ connectionString: own.ownerUrl });
    // It is killed: what ends it is no fault.
    writer.on('error', () => undefined);
    await writer.connect();
    await tell(writer, [randomUUID()]);
    const { rows } = await writer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    process.kill(rows[0]?.pid ?? Number.NaN, 'SIGKILL');
    const look = () => watch.look().catch(() => undefined);
    await eventually(look, () => told > 1);
    const count = () => pool.query('SELECT 1 FROM memory_changes').catch(() => undefined);
    await eventually(count, (found) => found?.rowCount === 0);
  } finally {
    await pool.end();
    await cluster.stop();
  }
});

it('the service can neither forge nor delete a change, but have old ones forgotten: never one that still runs', async () => {
  for (const sql of ['DELETE FROM memory_changes', `INSERT INTO memory_changes (ids) VALUES ('{}')`])
    await expect(db.query(sql)).rejects.toMatchObject({ code: '42501' });
  const [running, done] = [await openWriter(), await openWriter()];
  await tell(done, [randomUUID()]);
  await running.query('BEGIN');
  await tell(running, [randomUUID()]);
  const left = async () => {
    await db.query(`SELECT memory_changes_forget('9223372036854775807')`);
    return (await db.query('SELECT 1 FROM memory_changes')).rowCount;
  };
  // What runs anywhere in the server keeps what is younger than it for as long.
  await eventually(left, (rows) => rows === 0);
  await running.query('COMMIT');
  expect((await db.query('SELECT 1 FROM memory_changes')).rowCount).toBe(1);
  const forget = createForgetting(db);
  await forget();
  await forget();
  // Ten minutes are not over.
  expect((await db.query('SELECT 1 FROM memory_changes')).rowCount).toBe(1);
});
