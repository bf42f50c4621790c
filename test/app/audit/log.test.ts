import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { parseCheckpoint } from '../../../app/audit/checkpoint.js';
import type { AuditLog } from '../../../app/audit/create.js';
import { parseEvent } from '../../../app/audit/event.js';
import { selectBatches, selectDetails } from '../../../app/audit/event-search.js';
import { presentEvents } from '../../../app/audit/event-view.js';
import { factRoot, readRoot } from '../../../app/audit/leaves.js';
import { leafHash, merkleRoot } from '../../../app/audit/merkle.js';
import { parseNote, parseVerifierKey, signersOf } from '../../../app/audit/note.js';
import { consistencyProof, verifyConsistency, verifyInclusion } from '../../../app/audit/proof.js';
import { readProof } from '../../../app/audit/reader.js';
import { createFileSpool } from '../../../app/audit/spool.js';
import { type CheckpointRow, selectEvents, selectHashes } from '../../../app/audit/store.js';
import { parseProof } from '../../../app/audit/tlog.js';
import { inTransaction } from '../../../app/db/pool.js';
import { openTenantKeys } from '../../../app/keys/index.js';
import { createTestLog, recordWrite, type TestLog } from '../../support/audit-log.js';
import { eventually, SOON_MS } from '../../support/memory-service.js';

// A cluster and a tenant's keys are made before the first claim.
jest.setTimeout(90_000);

let test: TestLog;
beforeEach(async () => {
  test = await createTestLog();
});
afterEach(() => test.drop());

const settle = async (log: AuditLog): Promise<CheckpointRow> => {
  const checkpoint = await log.settle();
  if (!checkpoint) throw new Error('nothing was signed');
  return checkpoint;
};

const asAdmin = async (sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: test.database.adminUrl });
  await client.connect();
  try {
    await client.query(`SET search_path = ${test.database.schema}; ALTER TABLE audit_events DISABLE TRIGGER ALL;
      ALTER TABLE audit_checkpoints DISABLE TRIGGER ALL; ${sql}`);
  } finally {
    await client.end();
  }
};

const events = async () =>
  (await selectEvents(test.db, 0, 10_000)).map((row) => ({ ...row, event: parseEvent(row.bytes) }));

describe('a checkpoint', () => {
  it('is a note that the key of the keyring signed over the tree of exactly the stored bytes', async () => {
    const log = test.open();
    for (let i = 0; i < 5; i++) await recordWrite(test, log);
    const { size, note } = await settle(log);
    const verifier = parseVerifierKey(test.keys.logKey().vkey);
    const parsed = parseNote(note);
    if (!verifier || !parsed) throw new Error('no note');
    expect(signersOf(parsed, [verifier])).toHaveLength(1);
    const leaves = (await selectEvents(test.db, 0, size)).map(({ bytes }) => leafHash(bytes));
    expect(parseCheckpoint(parsed.text)).toEqual({ origin: test.keys.logKey().origin, size, root: merkleRoot(leaves) });
  });

  it('grows into the next one across tiles, whichever replica signs, and every event has a proof in it', async () => {
    const log = test.open();
    const write = (count: number) =>
      inTransaction(test.db, async (transaction) => {
        for (let i = 0; i < count; i++) await log.record(transaction, { type: 'key.create' });
      });
    await write(300);
    const first = await settle(log);
    await log.stop();
    const replica = test.open();
    await write(700);
    const second = await settle(replica);
    expect(second.size).toBeGreaterThan(first.size + 699);
    const source = (level: number, from: number, to: number) => selectHashes(test.db, level, from, to);
    const proof = await consistencyProof(source, first.size, second.size);
    const claim = { oldSize: first.size, oldRoot: first.root, size: second.size, root: second.root, proof };
    expect(verifyConsistency(claim)).toBe(true);
    expect(verifyConsistency({ ...claim, oldRoot: second.root })).toBe(false);
    for (const index of [0, 255, 256, 511, 767, 999]) {
      const parsed = parseProof(await readProof(test.db, index, second));
      const [event] = await selectEvents(test.db, index, 1);
      if (!parsed || !event) throw new Error('no proof');
      const { leaf } = event;
      expect(verifyInclusion({ index, size: second.size, leaf, proof: parsed.hashes, root: second.root })).toBe(true);
    }
  });

  it.each([
    [
      'an event that was changed',
      `UPDATE audit_events SET bytes = replace(encode(bytes, 'escape'), 'ok', 'no')::bytea WHERE seq = 1`,
    ],
    ['an event that was changed together with its hash', `UPDATE audit_events SET leaf = sha256('x') WHERE seq = 1`],
    ['events that were cut off', 'DELETE FROM audit_events WHERE seq > 0; UPDATE audit_head SET size = 1'],
    [
      'a checkpoint of another key',
      // Any letter that is there: a signature may well be without the one that is chosen.
      `UPDATE audit_checkpoints SET note = translate(encode(note, 'escape'), 'ABCDEFGHIJKLM', 'BCDEFGHIJKLMA')::bytea`,
    ],
  ])('is not signed over %s, and says why', async (_, sql) => {
    const log = test.open();
    await recordWrite(test, log);
    await recordWrite(test, log);
    await settle(log);
    await log.stop();
    await asAdmin(sql);
    const next = test.open();
    await recordWrite(test, next);
    expect(await next.settle()).toBeUndefined();
    expect(next.trouble()).toMatch(/audit log/);
  });
});

describe('an event', () => {
  it('commits to every memory of its write, and says whom it is about by a pseudonym only', async () => {
    const log = test.open();
    const id = await recordWrite(test, log, 3);
    await settle(log);
    const found = (await events()).find((event) => event.id === id);
    const [batch] = await selectBatches(test.db, [id]);
    expect(found?.event).toMatchObject({
      type: 'memory.write',
      subject: test.vault.pseudonym(16),
      scope: 'user',
      batch: { count: 3, root: factRoot(batch?.body ?? Buffer.alloc(0)).toString('base64') },
    });
  });

  it('shows its detail to an auditor until the person is erased; the leaf stays as it was', async () => {
    const log = test.open();
    const id = await recordWrite(test, log);
    const before = await settle(log);
    const view = async () =>
      (
        await presentEvents(
          test.db,
          test.vault,
          (await events()).filter((event) => event.id === id),
          null,
        )
      )[0];
    expect(await view()).toMatchObject({ detail: { reason: 'because' } });
    const [{ sealed } = { sealed: Buffer.alloc(0) }] = await selectDetails(test.db, [id]);
    expect(sealed.toString('latin1')).not.toContain('because');
    await test.keys.destroySlot(16);
    expect(await view()).toMatchObject({ detail: null, event: { detail: expect.stringMatching(/=$/) } });
    const afterwards = await recordWrite(test, log);
    expect((await settle(log)).size).toBeGreaterThan(before.size);
    expect((await events()).find((event) => event.id === afterwards)?.event).toMatchObject({
      subject: null,
      detail: null,
    });
  });

  it('is there or not together with its transaction', async () => {
    const log = test.open();
    const write = inTransaction(test.db, async (transaction) => {
      await log.record(transaction, { type: 'key.create', detail: { name: 'x' } });
      throw new Error('no');
    });
    await expect(write).rejects.toThrow('no');
    await settle(log);
    expect((await events()).map(({ event }) => event.type)).toEqual(['keys.epoch']);
  });
});

describe('reads', () => {
  const read = (id: string) => ({ type: 'memory.read', code: 'get', slot: 16, ids: [id] }) as const;

  it('are all told within a quarter of a second, under one root, numbered without a gap', async () => {
    const log = test.open();
    const ids = Array.from({ length: 120 }, () => test.newId());
    await Promise.all(ids.map((id) => log.observe(read(id))));
    const batches = await eventually(
      async () => (await events()).filter(({ event }) => event.type === 'access.batch'),
      (found) => found.reduce((sum, { event }) => sum + (event.batch?.count ?? 0), 0) === 120,
      SOON_MS,
    );
    const told: string[] = [];
    let next = 1;
    for (const { id, event } of batches) {
      expect(event.batch?.from).toBe(next);
      next = (event.batch?.to ?? 0) + 1;
      const [batch] = await selectBatches(test.db, [id]);
      expect(event.batch?.root).toBe(readRoot(batch?.body ?? Buffer.alloc(0)).toString('base64'));
      const lines = (batch?.body ?? Buffer.alloc(0)).toString().trim().split('\n');
      told.push(...lines.flatMap((line) => (JSON.parse(line) as { ids: string[] }).ids));
    }
    expect(told.sort()).toEqual(ids.sort());
  });

  it('wait for their commit while the tenant reads strictly, and are not told at all while it reads unlogged', async () => {
    const strict = test.open({ policies: () => ({ audit: { reads: true, readsMode: 'Strict' } }) });
    const silent = test.open({ policies: () => ({ audit: { reads: false, readsMode: 'Batched' } }) });
    await silent.observe(read(test.newId()));
    await silent.settle();
    await strict.observe(read(test.newId()));
    const { rows } = await test.db.query('SELECT count(*) AS n FROM audit_batches');
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('that a killed process left in its spool are told by the next one, once', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memplane-spool-'));
    try {
      const writer = { writer: test.newId(), epoch: 1 };
      const spool = createFileSpool(join(directory, 'audit-spool'), writer);
      const line = (n: number) => ({ n, line: `{"n":${n}}\n`, ids: [test.newId()], detail: null });
      for (const n of [1, 2, 3]) spool.keep(line(n));
      const next = test.open({ directory });
      await eventually(
        async () => (await events()).flatMap(({ event }) => (event.code === 'recovered' ? [event.batch] : [])),
        (found) => found.length === 1 && found[0]?.count === 3 && found[0].from === 1,
        SOON_MS,
      );
      await next.stop();
      expect(readdirSync(join(directory, 'audit-spool'))).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('wait while the database takes none, and are told then in order; of those that are too many the oldest are missed by name', async () => {
    const log = test.open();
    const id = test.newId();
    const observe = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await log.observe(read(id));
    };
    const batches = async () =>
      (await events()).flatMap(({ event }) => (event.type === 'access.batch' ? [event.batch] : []));
    const told = async (upTo: number) => (await eventually(batches, (found) => found.at(-1)?.to === upTo)).slice();
    const role = test.database.serviceRole;
    await asAdmin(`REVOKE INSERT ON audit_pending FROM ${role}`);
    await observe(2_500);
    await log.settle().catch(() => undefined);
    await observe(30);
    await asAdmin(`GRANT INSERT ON audit_pending TO ${role}`);
    const first = await told(2_530);
    expect(first.map((batch) => batch?.from)).toEqual([1, ...first.slice(0, -1).map((batch) => (batch?.to ?? 0) + 1)]);
    expect(first.reduce((sum, batch) => sum + (batch?.count ?? 0), 0)).toBe(2_530);

    await asAdmin(`REVOKE INSERT ON audit_pending FROM ${role}`);
    await observe(101_000);
    // What is being written does not wait, and is not too many until that failed.
    for (let n = 0; n < 5; n++) {
      await log.settle().catch(() => undefined);
      await observe(1);
    }
    await asAdmin(`GRANT INSERT ON audit_pending TO ${role}`);
    const later = (await told(103_535)).slice(first.length);
    const lost = (await events()).find(({ event }) => event.type === 'access.gap')?.event.code?.split(':')[1];
    expect(Number(lost)).toBeGreaterThanOrEqual(1_000);
    expect(later[0]?.from).toBe(2_531 + Number(lost));
    expect(later.reduce((sum, batch) => sum + (batch?.count ?? 0), 0)).toBe(101_005 - Number(lost));
  });

  it('and denials: each is an event of its own with its request, and a flood shares one', async () => {
    const log = test.open();
    for (let i = 0; i < 60; i++)
      await log.observe({ type: 'auth.denied', outcome: 'denied', code: 'unauthenticated', request: `r${i}` });
    await settle(log);
    const all = (await events()).map(({ event }) => event);
    const single = all.filter(({ type }) => type === 'auth.denied').map(({ request }) => request);
    expect(single).toEqual(Array.from({ length: 50 }, (_, i) => `r${i}`));
    expect(all.find(({ type }) => type === 'access.batch')?.batch?.count).toBe(10);
  });
});

describe('the keyring', () => {
  it('is refused below the epoch that the log knows', async () => {
    const log = test.open();
    await recordWrite(test, log);
    await settle(log);
    const known = (await events()).find(({ event }) => event.type === 'keys.epoch')?.event.resource?.version ?? 0;
    expect(known).toBe(test.keys.epoch);
    await expect(test.tenant.open({ minimumEpoch: known })).resolves.toBeDefined();
    await expect(test.tenant.open({ minimumEpoch: known + 1 })).rejects.toMatchObject({ code: 'KeyringRolledBack' });
    expect(openTenantKeys).toBeDefined();
  });
});
