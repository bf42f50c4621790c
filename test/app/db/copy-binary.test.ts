import {
  array,
  bool,
  bytea,
  column,
  copyRows,
  float4,
  INT4_OID,
  int2,
  int4,
  int8,
  nullable,
  TEXT_OID,
  text,
  timestamp,
  uuid,
} from '../../../app/db/copy-binary.js';
import { createPool, type Database, inTransaction } from '../../../app/db/pool.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  db = createPool({ url: database.adminUrl, size: 2, onError: () => undefined });
});
afterAll(async () => {
  await db.end();
  await database.drop();
});

const row = {
  id: '01a1fd23-b337-7000-8167-86e2fd89db78',
  small: -32768,
  medium: 2147483647,
  large: 2 ** 53 - 1,
  single: 0.5,
  flag: true,
  bytes: Buffer.from([0, 1, 255, 92]),
  words: 'tab\there, "quotes", \\ and 🍵',
  at: new Date('1969-12-31T23:59:59.999Z'),
  list: ['a', '', 'NULL', '{b}'],
  numbers: [1, -2],
  nothing: null as string | null,
};
type Row = typeof row;
const columns = [
  column<Row, string>('id', uuid, (r) => r.id),
  column<Row, number>('small', int2, (r) => r.small),
  column<Row, number>('medium', int4, (r) => r.medium),
  column<Row, number>('large', int8, (r) => r.large),
  column<Row, number>('single', float4, (r) => r.single),
  column<Row, boolean>('flag', bool, (r) => r.flag),
  column<Row, Buffer>('bytes', bytea, (r) => r.bytes),
  column<Row, string>('words', text, (r) => r.words),
  column<Row, Date>('at', timestamp, (r) => r.at),
  column<Row, readonly string[]>('list', array(TEXT_OID, text), (r) => r.list),
  column<Row, readonly number[]>('numbers', array(INT4_OID, int4), (r) => r.numbers),
  column<Row, string | null>('nothing', nullable(text), (r) => r.nothing),
];

describe('rows copied in binary', () => {
  it('come back as they were, whatever they hold', async () => {
    await db.query(
      `CREATE TABLE copied (id uuid, small smallint, medium integer, large bigint, single real, flag boolean, bytes bytea,
         words text, at timestamptz, list text[], numbers integer[], nothing text)`,
    );
    const rows = [
      row,
      { ...row, list: [], numbers: [], nothing: 'something', flag: false, at: new Date('9999-12-31T23:59:59.999Z') },
    ];
    await inTransaction(db, (transaction) => copyRows(transaction, 'copied', columns, rows));
    expect((await db.query('SELECT * FROM copied')).rows).toEqual(rows);
  });

  it('are whole when a row is larger than the memory that it is written into', async () => {
    const words = 'x'.repeat(300_000);
    await db.query('CREATE TABLE large (id uuid, words text, bytes bytea)');
    const large = columns.filter(({ name }) => ['id', 'words', 'bytes'].includes(name));
    const rows = Array.from({ length: 9 }, (_, n) => ({
      ...row,
      words: `${n}${words}`,
      bytes: Buffer.alloc(200_000, n + 1),
    }));
    await inTransaction(db, (transaction) => copyRows(transaction, 'large', large, rows));
    const stored = await db.query(`SELECT words, bytes FROM large ORDER BY words`);
    expect(stored.rows.map(({ words: text }) => text === `${text[0]}${words}`)).toEqual(rows.map(() => true));
    expect(stored.rows.map(({ bytes }) => bytes.equals(Buffer.alloc(200_000, bytes[0])))).toEqual(rows.map(() => true));
  });
  it('are gone when their transaction is rolled back, and the connection goes on', async () => {
    await db.query('CREATE TABLE strict (id uuid PRIMARY KEY)');
    const ids = [column<Row, string>('id', uuid, (r) => r.id)];
    const twice = inTransaction(db, (transaction) => copyRows(transaction, 'strict', ids, [row, row]));
    await expect(twice).rejects.toMatchObject({ code: '23505' });
    expect((await db.query('SELECT count(*) AS n FROM strict')).rows).toEqual([{ n: 0 }]);
  });
});
