import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SlotKey } from '../../../app/keys/slot.js';
import { openRow, openVector, rowCommit } from '../../../app/sealing/index.js';
import type { OpenRow, SealedParts } from '../../../app/sealing/row-batch.js';
import { createRowSealer, type RowSealer } from '../../../app/sealing/row-sealer.js';

/** What `npm run build` made of the thread: the sources are TypeScript, which no thread of Node reads. */
const ENTRY = pathToFileURL(resolve('dist/app/sealing/row-thread.js'));
const tenantId = randomUUID();
const keys = [16, 17].map(
  (slot): SlotKey => ({ tenantId, slot, generation: 1, key: createSecretKey(randomBytes(32)) }),
);
const keyFor = (index: number): SlotKey => keys[index % 2] as SlotKey;
const slotKeys = { slotKey: (slot: number) => keys.find((key) => key.slot === slot) as SlotKey };

const openRows = (count: number): readonly OpenRow[] =>
  Array.from({ length: count }, (_, n) => ({
    id: randomUUID(),
    version: 1 + (n % 3),
    content: {
      ...{ content: `Fact ${n}: ü 🍵`, subject: n % 5 === 0 ? null : 'Ada', predicate: 'likes', object: 'tea' },
      ...{ metadata: { n, list: ['a', n] }, source: {} },
    },
    namespace: n % 2 === 0 ? [] : ['a', 'b'],
    vector: n % 4 === 0 ? null : Float32Array.from({ length: 8 }, (_, i) => i + n / 7),
  }));

const check = (rows: readonly OpenRow[], parts: readonly SealedParts[]): void => {
  expect(parts).toHaveLength(rows.length);
  rows.forEach(({ id: rowId, version: rowVersion, content, vector }, index) => {
    const part = parts[index] as SealedParts;
    const slot = keyFor(index).slot;
    const opened = openRow(slotKeys, { table: 'memories', rowId, rowVersion, slot }, part.envelope);
    expect(opened).toMatchObject(content);
    expect(rowCommit(opened).equals(part.commit)).toBe(true);
    const place = { table: 'vectors', rowId, rowVersion, slot };
    expect(part.vector && [...openVector(slotKeys, place, part.vector)]).toEqual(vector && [...vector]);
  });
};

const settings = { encrypts: true, indexes: true };
let sealer: RowSealer;
afterEach(() => sealer.close());

describe('rows that are sealed in a thread', () => {
  it('open as those that are sealed here, and have the same tokens and hashes', async () => {
    sealer = createRowSealer(2, ENTRY);
    const here = createRowSealer(0);
    const rows = openRows(300);
    const [threaded, plain] = [await sealer.seal(rows, keyFor, settings), await here.seal(rows, keyFor, settings)];
    check(rows, threaded);
    check(rows, plain);
    expect(threaded.map(({ contentHash }) => contentHash)).toEqual(plain.map(({ contentHash }) => contentHash));
    // What is left of the tokens without those that only fill up.
    const common = threaded.map(({ tokens }, n) => tokens?.filter((token) => plain[n]?.tokens?.includes(token)).length);
    expect(Math.min(...common.map((count) => count ?? 0))).toBeGreaterThan(4);
  });

  it('are stored as they are, with their commitment, while encryption and index are off', async () => {
    sealer = createRowSealer(1, ENTRY);
    const rows = openRows(120);
    const parts = await sealer.seal(rows, keyFor, { encrypts: false, indexes: false });
    const envelopes = parts.map(({ envelope }) => JSON.parse(envelope.toString('utf8')));
    expect(envelopes).toMatchObject(rows.map(({ content }) => content));
    expect(parts.map(({ commit }) => commit)).toEqual(envelopes.map(rowCommit));
    expect(parts.every(({ tokens }) => tokens === null)).toBe(true);
    expect(parts[1]?.vector).toEqual(Buffer.from(Float32Array.from(rows[1]?.vector ?? []).buffer));
  });

  it('are answered each to its own caller when many batches are under way', async () => {
    sealer = createRowSealer(2, ENTRY);
    const batches = Array.from({ length: 8 }, (_, n) => openRows(100 + n));
    const all = await Promise.all(batches.map((rows) => sealer.seal(rows, keyFor, settings)));
    for (const [index, rows] of batches.entries()) check(rows, all[index] ?? []);
  });

  it('are sealed here when the thread dies under them, or cannot start', async () => {
    const home = mkdtempSync(join(tmpdir(), 'memplane-thread-'));
    const broken = join(home, 'broken.mjs');
    writeFileSync(
      broken,
      `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(3));`,
    );
    sealer = createRowSealer(1, pathToFileURL(broken));
    const rows = openRows(150);
    check(rows, await sealer.seal(rows, keyFor, settings));
    const absent = createRowSealer(1, pathToFileURL(join(home, 'absent.mjs')));
    check(rows, await absent.seal(rows, keyFor, settings));
    rmSync(home, { recursive: true });
  });
});
