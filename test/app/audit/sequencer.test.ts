import { jest } from '@jest/globals';
import pg from 'pg';
import { parseEvent } from '../../../app/audit/event.js';
import { leafHash } from '../../../app/audit/merkle.js';
import { selectEvents, selectHead, sequencePending } from '../../../app/audit/store.js';
import { inTransaction } from '../../../app/db/pool.js';
import { createTestLog, fact, recordWrite, type TestLog } from '../../support/audit-log.js';
import { eventually, SOON_MS } from '../../support/memory-service.js';

// A cluster and a tenant's keys are made before the first claim.
jest.setTimeout(90_000);

let test: TestLog;
beforeEach(async () => {
  test = await createTestLog();
});
afterEach(() => test.drop());

const asOwner = async (url: string, sql: string): Promise<pg.QueryResult> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
};

describe('the sequencer', () => {
  it('gives every committed event a number without gaps and none to one that was rolled back, whatever order they commit in', async () => {
    const log = test.open();
    const committed = new Set<string>();
    const write = async (index: number): Promise<void> => {
      const id = test.newId();
      const aborts = index % 7 === 0;
      const work = inTransaction(test.db, async (transaction) => {
        await log.record(transaction, { type: 'memory.write', id, slot: 16, facts: [fact(test.newId())] });
        // Whoever drew a lower number commits later than others with higher ones.
        await transaction.query('SELECT pg_sleep($1)', [((index * 37) % 40) / 1000]);
        if (aborts) throw new Error('rolled back');
      });
      if (aborts) await expect(work).rejects.toThrow('rolled back');
      else {
        await work;
        committed.add(id);
      }
    };
    const replica = test.open();
    for (let at = 0; at < 400; at += 40) await Promise.all(Array.from({ length: 40 }, (_, i) => write(at + i)));
    await Promise.all([log.settle(), replica.settle()]);
    await log.settle();
    const events = (await selectEvents(test.db, 0, 10_000)).filter(
      ({ bytes }) => parseEvent(bytes).type !== 'keys.epoch',
    );
    expect(new Set(events.map(({ id }) => id))).toEqual(committed);
    const all = await selectEvents(test.db, 0, 10_000);
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index));
    let prev = Buffer.alloc(32);
    for (const { bytes, seq, leaf } of all) {
      expect(parseEvent(bytes)).toMatchObject({ seq: String(seq), prev: prev.toString('base64') });
      expect(leafHash(bytes)).toEqual(leaf);
      prev = leaf as Buffer<ArrayBuffer>;
    }
    expect(await selectHead(test.db)).toEqual({ size: all.length, hash: prev });
  });

  it('takes within a second what a replica that died left behind', async () => {
    const dead = test.open();
    await dead.stop();
    const id = await inTransaction(test.db, (transaction) => dead.record(transaction, { type: 'key.create' }));
    test.open();
    await eventually(
      () => selectEvents(test.db, 0, 100),
      (events) => events.some((event) => event.id === id),
      SOON_MS,
    );
  });

  it('whoever asks for all that is committed waits for a replica that looked before', async () => {
    const log = test.open();
    await log.settle();
    let settled: Promise<unknown> = Promise.resolve();
    const id = await inTransaction(test.db, async (replica) => {
      // Its look is over, and its lock is kept until it has committed.
      await eventually(
        () => sequencePending(replica, 10),
        (sequenced) => sequenced !== undefined,
      );
      const written = await recordWrite(test, log);
      settled = log.settle();
      await eventually(
        () =>
          test.db.query(
            `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
             WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`,
          ),
        ({ rowCount }) => rowCount === 1,
      );
      return written;
    });
    await settled;
    expect((await selectEvents(test.db, 0, 100)).map((event) => event.id)).toContain(id);
  });

  it('lets one connection at a time number events', async () => {
    const log = test.open();
    await recordWrite(test, log);
    // By itself it would be at it now and then.
    await log.stop();
    await inTransaction(test.db, async (transaction) => {
      await sequencePending(transaction, 10);
      expect(await sequencePending(test.db, 10)).toBeUndefined();
    });
  });

  it('leaves the service no way to change, remove or invent an event; the owner only after a trigger is taken away', async () => {
    const log = test.open();
    await recordWrite(test, log, 3);
    await log.settle();
    const { serviceUrl, ownerUrl } = test.database;
    const refused = [
      'DELETE FROM audit_events',
      `UPDATE audit_events SET bytes = ''`,
      'TRUNCATE audit_events',
      `INSERT INTO audit_events SELECT seq + 100, id, at, type, actor, resource, leaf, bytes FROM audit_events`,
      'DELETE FROM audit_pending',
      'UPDATE audit_head SET size = 0',
      'UPDATE audit_checkpoints SET size = 0',
      'DELETE FROM audit_batches',
      'DELETE FROM audit_details',
      'DELETE FROM audit_tree',
    ];
    for (const sql of refused) await expect(asOwner(serviceUrl, sql)).rejects.toThrow('permission denied');
    for (const sql of ['DELETE FROM audit_events', 'TRUNCATE audit_events', 'UPDATE audit_events SET seq = seq + 1'])
      await expect(asOwner(ownerUrl, sql)).rejects.toThrow('the audit log only grows');
  });

  it("orders in its own schema, whatever the caller's search path and temporary tables say", async () => {
    const log = test.open();
    // What it leaves is for the caller alone to put in order.
    await log.stop();
    const { size } = await selectHead(test.db);
    await recordWrite(test, log);
    await asOwner(
      test.database.serviceUrl,
      `CREATE TEMP TABLE audit_pending (n bigint, id uuid); CREATE TEMP TABLE audit_head AS SELECT 77::bigint AS size, ''::bytea AS hash;
       SET search_path = pg_temp, ${test.database.schema}; SELECT ${test.database.schema}.audit_sequence(10)`,
    );
    expect((await selectHead(test.db)).size).toBe(size + 1);
  });
});
