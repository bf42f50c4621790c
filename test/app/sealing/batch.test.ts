import { Worker } from 'node:worker_threads';
import { newSalts, type SealBatch, sealBatch } from '../../../app/sealing/batch.js';
import { open, seal } from '../../../app/sealing/sealed-value.js';
import { slotKeyOf, slotKeysOf } from '../../support/vectors.js';
import { AUTH_KEY, SLOT_KEY, TENANT } from '../../vectors/inputs.js';

const keys = [slotKeyOf(SLOT_KEY, TENANT, 16), slotKeyOf(AUTH_KEY, TENANT, 17)];
const texts = ['first', '', 'the third one', 'ü'];
const rowIds = texts.map((_, i) => `018f3b5e-7c1a-7d2e-9f30-00000000000${i}`);

function batchOf(): SealBatch {
  const plaintexts = texts.map((text) => Buffer.from(text));
  const offsets = new Uint32Array(texts.length + 1);
  plaintexts.forEach((bytes, i) => {
    offsets[i + 1] = (offsets[i] ?? 0) + bytes.length;
  });
  return {
    purpose: 'row',
    table: 'memories',
    keys,
    keyOf: Uint32Array.from([0, 1, 1, 0]),
    rowIds,
    rowVersions: Uint32Array.from([1, 2, 3, 4]),
    plaintexts: new Uint8Array(Buffer.concat(plaintexts)),
    offsets,
    salts: newSalts(texts.length),
  };
}

describe('sealing many values at once', () => {
  it('gives what sealing one by one gives', () => {
    const batch = batchOf();
    const { sealed, offsets } = sealBatch(batch);
    texts.forEach((text, i) => {
      const place = { table: 'memories', rowId: rowIds[i] ?? '', rowVersion: i + 1 };
      const value = sealed.subarray(offsets[i], offsets[i + 1]);
      const key = keys[batch.keyOf[i] ?? 0];
      if (key === undefined) throw new Error('no key');
      const salt = batch.salts.subarray(i * 24, i * 24 + 24);
      expect(Buffer.from(value)).toEqual(seal(key, 'row', place, Buffer.from(text), salt));
      expect(open(slotKeysOf(...keys), 'row', place, value).toString()).toBe(text);
    });
  });

  it('is pure: the same salts give the same bytes', () => {
    const batch = batchOf();
    expect(sealBatch(batch)).toEqual(sealBatch(batch));
  });

  it.each<[string, Partial<SealBatch>]>([
    ['rowVersions', { rowVersions: new Uint32Array(1) }],
    ['salts', { salts: newSalts(3) }],
    ['the last offset', { offsets: new Uint32Array(5) }],
    ['names key 9 of 2', { keyOf: Uint32Array.from([0, 9, 0, 0]) }],
  ])('refuses a batch that does not add up: %s', (name, wrong) => {
    expect(() => sealBatch({ ...batchOf(), ...wrong })).toThrow(name);
  });

  it('takes inputs that cross to a worker thread, keys included, without their bytes', async () => {
    const batch = batchOf();
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       parentPort.once('message', (batch) => parentPort.postMessage({
         keys: batch.keys.map((one) => one.key.export().toString('hex')), types: batch.keys.map((one) => one.key.type),
         bytes: batch.plaintexts.length }));`,
      { eval: true },
    );
    const length = batch.plaintexts.length;
    worker.postMessage(batch, [batch.plaintexts.buffer as ArrayBuffer, batch.salts.buffer as ArrayBuffer]);
    const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();
    expect(answer).toEqual({ keys: [SLOT_KEY, AUTH_KEY], types: ['secret', 'secret'], bytes: length });
    expect(batch.plaintexts).toHaveLength(0);
  });
});
