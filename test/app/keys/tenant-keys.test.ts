import { sign, verify } from 'node:crypto';
import { type KeyBucket, openKms, PreconditionFailed, type TenantKeys } from '../../../app/keys/index.js';
import { keyringName } from '../../../app/keys/keyring.js';
import { openRow, sealRow } from '../../../app/sealing/row.js';
import { bearTenant, type KeyHouse, type KeyTenant, openKeyHouse } from '../../support/keys.js';

let house: KeyHouse;
let tenant: KeyTenant;
beforeAll(async () => {
  house = await openKeyHouse();
});
afterAll(() => house.remove());
beforeEach(async () => {
  tenant = await bearTenant(house);
});

const place = { table: 'memories', rowId: '018f3b5e-7c1a-7d2e-9f30-4a5b6c7d8e9f', rowVersion: 1 };
const content = { content: 'Alice', subject: null, predicate: null, object: null, metadata: {}, source: null };
const hex = (keys: TenantKeys, slot: number): string => keys.slotKey(slot).key.export().toString('hex');
const code = (code: string) => expect.objectContaining({ code });
const ring = (): string => keyringName(tenant.namespace, tenant.tenantId);
const block = (n: number): string => ring().replace('keyring.json', `block/${n}`);

async function bytesOf(name: string): Promise<Buffer> {
  const found = await house.bucket.get(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found.bytes;
}

/** Puts whatever is there aside: what a person with rights on the bucket can do. */
async function overwrite(name: string, bytes: Buffer): Promise<void> {
  const there = await house.bucket.get(name);
  await house.bucket.put(name, bytes, there === undefined ? { ifNoneMatch: '*' } : { ifMatch: there.etag });
}

/** A process that dies before one of its puts. */
function dyingAt(put: number): KeyBucket {
  let puts = 0;
  return {
    get: (name) => house.podBucket.get(name),
    list: (prefix) => house.podBucket.list(prefix),
    delete: (name) => house.podBucket.delete(name),
    put: (name, bytes, condition) => {
      puts += 1;
      if (puts >= put) return Promise.reject(new Error('the process died'));
      return house.podBucket.put(name, bytes, condition);
    },
  };
}

describe('the first start', () => {
  it('completes the keyring that the operator bore, once', async () => {
    const one = await tenant.open();
    const stored = await bytesOf(ring());
    const two = await tenant.open();
    expect([one.epoch, two.epoch]).toEqual([1, 1]);
    expect(hex(one, 16)).toBe(hex(two, 16));
    expect(await bytesOf(ring())).toEqual(stored);
    expect(JSON.parse(stored.toString())).toMatchObject({ epoch: 1, blocks: [{ n: 0, epoch: 1, kekGen: 1 }] });
  });

  it('of eight replicas at once ends with one keyring for all', async () => {
    const replicas = await Promise.all(Array.from({ length: 8 }, () => tenant.open()));
    expect(new Set(replicas.map((keys) => hex(keys, 16))).size).toBe(1);
    expect(new Set(replicas.map((keys) => keys.logKey().vkey)).size).toBe(1);
    expect(replicas.map((keys) => keys.epoch)).toEqual(Array.from({ length: 8 }, () => 1));
  });

  it('goes on where a process died between block and keyring', async () => {
    await expect(tenant.open({ bucket: dyingAt(2) })).rejects.toThrow('the process died');
    const orphan = await bytesOf(block(0));
    const keys = await tenant.open();
    expect(keys.epoch).toBe(1);
    expect(await bytesOf(block(0))).toEqual(orphan);
  });

  it('makes a log key that signs, and is the same for all', async () => {
    const { origin, vkey, privateKey } = (await tenant.open()).logKey();
    const again = (await tenant.open()).logKey();
    expect(origin).toBe(`memplane.dev/${tenant.tenantId}/audit/1`);
    expect(vkey).toMatch(/^memplane\.dev\/[0-9a-f-]{36}\/audit\/1\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/);
    expect(again.vkey).toBe(vkey);
    const spki = Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1),
    ]);
    const message = Buffer.from('checkpoint');
    const signature = sign(null, message, privateKey);
    expect(verify(null, message, { key: spki, format: 'der', type: 'spki' }, signature)).toBe(true);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['without a keyring', 'KeyringMissing', () => tenant.open({ namespace: 'mem-other' })],
    ['for another tenant', 'KeyringMissing', () => tenant.open({ tenantId: '0b1c2d3e-4f50-4617-9829-3a4b5c6d7e8f' })],
    [
      'with another KMS key than configured',
      'KmsRefused',
      () => tenant.open({ kms: openKms({ provider: 'file', keyId: '/somewhere/else' }) }),
    ],
  ])('%s is refused with %s', async (_, expected, opening) => {
    await expect(opening()).rejects.toThrow(code(expected));
  });

  it('in a namespace whose keyring was copied from another one is refused', async () => {
    await overwrite(keyringName('mem-thief', tenant.tenantId), await bytesOf(ring()));
    await expect(tenant.open({ namespace: 'mem-thief' })).rejects.toThrow(/kek 1 is bound to mem-acme/);
  });
});

interface Document {
  epoch: number;
  readonly keks: [{ keyId: string; wrapped: string; kcv: string }];
  readonly blocks: [{ sha256: string }];
  readonly log: { vkey: string };
}

const flipped = (base64: string): string => {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(4) ^ 1, 4);
  return bytes.toString('base64');
};

describe('what was tampered with is refused', () => {
  it.each<[string, string, (ring: Document) => void]>([
    ['epoch', 'KeyringInvalid', (ring) => (ring.epoch = 9)],
    ['log.vkey', 'KeyringInvalid', (ring) => (ring.log.vkey = `x${ring.log.vkey}`)],
    ['blocks[0].sha256', 'KeyringInvalid', (ring) => (ring.blocks[0].sha256 = '0'.repeat(64))],
    ['keks[0].keyId', 'KmsRefused', (ring) => (ring.keks[0].keyId = '/etc/hostname')],
    ['keks[0].wrapped', 'KmsRefused', (ring) => (ring.keks[0].wrapped = flipped(ring.keks[0].wrapped))],
    ['keks[0].kcv', 'KeyringInvalid', (ring) => (ring.keks[0].kcv = flipped(ring.keks[0].kcv))],
  ])('%s of the keyring: %s', async (_, expected, change) => {
    await tenant.open();
    const document = JSON.parse((await bytesOf(ring())).toString()) as Document;
    change(document);
    await overwrite(ring(), Buffer.from(JSON.stringify(document)));
    await expect(tenant.open()).rejects.toThrow(code(expected));
  });

  it('a bit of a block', async () => {
    await tenant.open();
    const bytes = await bytesOf(block(0));
    bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
    await overwrite(block(0), bytes);
    await expect(tenant.open()).rejects.toThrow(code('BlockInvalid'));
  });

  it('a missing block', async () => {
    await tenant.open();
    await house.bucket.delete(block(0));
    await expect(tenant.open()).rejects.toThrow(code('BlockInvalid'));
  });

  it('an older block, put back to bring a destroyed key to life', async () => {
    const keys = await tenant.open();
    const before = await bytesOf(block(0));
    await keys.destroySlot(16);
    await overwrite(block(0), before);
    await expect(tenant.open()).rejects.toThrow(/its epoch 1 is not above 2/);
  });

  it('an older keyring with its older block: by a running pod, and by a new one that knows the epoch from the log', async () => {
    const keys = await tenant.open();
    const [oldRing, oldBlock] = [await bytesOf(ring()), await bytesOf(block(0))];
    await keys.destroySlot(16);
    await overwrite(ring(), oldRing);
    await overwrite(block(0), oldBlock);
    await expect(keys.refresh()).rejects.toThrow(code('KeyringRolledBack'));
    await expect(tenant.open({ minimumEpoch: keys.epoch })).rejects.toThrow(code('KeyringRolledBack'));
    expect(() => keys.slotKey(16)).toThrow(code('SlotDestroyed'));
  });

  it('a keyring as it was born, put over one that has lived', async () => {
    const born = await bytesOf(ring());
    const keys = await tenant.open();
    await keys.destroySlot(16);
    await overwrite(ring(), born);
    await expect(tenant.open()).rejects.toThrow(code('KeyringRolledBack'));
  });
});

describe('slots', () => {
  it('have a key from the start, so that a new user costs no write', async () => {
    const keys = await tenant.open();
    const stored = await bytesOf(block(0));
    for (let slot = 16; slot < 100; slot += 1) await keys.ensureSlot(slot);
    await keys.refresh();
    expect(await bytesOf(block(0))).toEqual(stored);
    expect(keys.epoch).toBe(1);
  });

  it('whose block is not in memory say so; ensureSlot fetches it', async () => {
    const keys = await tenant.open();
    expect(() => keys.slotKey(1024)).toThrow(code('KeyUnavailable'));
    const key = await keys.ensureSlot(1024);
    expect(keys.slotKey(1024)).toEqual(key);
    expect(() => keys.slotKey(1024, 2)).toThrow(code('KeyUnavailable'));
  });

  it('make the next block when a quarter is free', async () => {
    const keys = await tenant.open();
    await keys.ensureSlot(767);
    await keys.refresh();
    expect(await house.bucket.get(block(1))).toBeUndefined();
    await keys.ensureSlot(768);
    await keys.refresh();
    expect(await house.bucket.get(block(1))).toBeDefined();
    expect(keys.slotKey(1024).slot).toBe(1024);
  });

  it('far ahead make every block up to theirs, the same for all replicas', async () => {
    const replicas = await Promise.all([tenant.open(), tenant.open(), tenant.open()]);
    const made = await Promise.all(replicas.map((keys, i) => keys.ensureSlot(3000 + i)));
    expect(made.map(({ slot }) => slot)).toEqual([3000, 3001, 3002]);
    // The first refresh waits for the block that each makes in the background, the second sees what all have made.
    for (const keys of [...replicas, ...replicas]) await keys.refresh();
    for (const keys of replicas) await keys.ensureSlots([1500, 2500, 3001]);
    for (const slot of [1500, 2500, 3001]) expect(new Set(replicas.map((keys) => hex(keys, slot))).size).toBe(1);
    expect(new Set(replicas.map((keys) => keys.epoch)).size).toBe(1);
  });

  it('that no sequence can have given are refused', async () => {
    const keys = await tenant.open();
    await expect(keys.ensureSlot(10_000_000)).rejects.toThrow(/the keyring has 1 blocks/);
    await expect(keys.ensureSlot(-1)).rejects.toThrow(code('KeyUnavailable'));
    await expect(keys.ensureSlot(1.5)).rejects.toThrow(code('KeyUnavailable'));
  });

  it('beyond the memory limit push out the least recently used block, never the first', async () => {
    const keys = await tenant.open({ blocksInMemory: 2 });
    await keys.ensureSlot(1100);
    await keys.ensureSlot(2100);
    expect(() => keys.slotKey(1100)).toThrow(code('KeyUnavailable'));
    expect(keys.slotKey(1).slot).toBe(1);
    expect((await keys.ensureSlots([1100, 2100, 3, 1101])).size).toBe(4);
  });
});

describe('destroying a slot', () => {
  it('makes what it sealed unreadable, here and after a restart, and nothing else', async () => {
    const keys = await tenant.open();
    const [alice, bob] = [sealRow(keys.slotKey(16), place, content), sealRow(keys.slotKey(17), place, content)];
    const destroyed = await keys.destroySlot(16);
    expect(destroyed).toMatchObject({ slot: 16, epochBefore: 1, epochAfter: 2, keys: [{ generation: 1 }] });
    for (const one of [keys, await tenant.open()]) {
      expect(() => openRow(one, place, alice.sealed)).toThrow(code('SlotDestroyed'));
      expect(openRow(one, place, bob.sealed).content).toBe('Alice');
    }
    await expect(keys.ensureSlot(16)).rejects.toThrow(code('SlotDestroyed'));
    expect([...(await keys.ensureSlots([16, 17])).keys()]).toEqual([17]);
  });

  it('reaches a replica with its next refresh', async () => {
    const [one, two] = [await tenant.open(), await tenant.open()];
    await one.destroySlot(20);
    expect(two.slotKey(20).slot).toBe(20);
    await two.refresh();
    expect(() => two.slotKey(20)).toThrow(code('SlotDestroyed'));
    expect(two.epoch).toBe(one.epoch);
  });

  it('is never overtaken by the epoch of a replica that changed something else', async () => {
    const [one, two] = [await tenant.open(), await tenant.open()];
    await one.destroySlot(20);
    await two.ensureSlot(1030);
    expect(two.epoch).toBeGreaterThan(one.epoch);
    expect(() => two.slotKey(20)).toThrow(code('SlotDestroyed'));
  });

  it('is not overtaken by a replica that destroyed a slot of another block either', async () => {
    const [one, two] = [await tenant.open(), await tenant.open()];
    await two.ensureSlot(1030);
    await one.refresh();
    await one.destroySlot(20);
    await two.destroySlot(1030);
    expect(two.epoch).toBeGreaterThan(one.epoch);
    expect(() => two.slotKey(20)).toThrow(code('SlotDestroyed'));
  });

  it('twice is once', async () => {
    const keys = await tenant.open();
    await keys.destroySlot(16);
    expect(await keys.destroySlot(16)).toEqual({ slot: 16, keys: [], epochBefore: 2, epochAfter: 2 });
  });

  it('by several replicas at once loses none', async () => {
    const replicas = await Promise.all(Array.from({ length: 4 }, () => tenant.open()));
    await Promise.all(replicas.map((keys, i) => keys.destroySlot(30 + i)));
    const keys = await tenant.open();
    for (let i = 0; i < 4; i += 1) expect(() => keys.slotKey(30 + i)).toThrow(code('SlotDestroyed'));
    expect(keys.slotKey(34).slot).toBe(34);
    expect(keys.epoch).toBe(5);
  });

  it('is finished by the next reader when the process died half way', async () => {
    await tenant.open();
    const dying = await tenant.open({ bucket: dyingAt(2) });
    await expect(dying.destroySlot(16)).rejects.toThrow('the process died');
    const keys = await tenant.open();
    expect(keys.epoch).toBe(2);
    expect(() => keys.slotKey(16)).toThrow(code('SlotDestroyed'));
    expect(JSON.parse((await bytesOf(ring())).toString())).toMatchObject({ epoch: 2, blocks: [{ epoch: 2 }] });
  });

  it('is for users only', async () => {
    await expect((await tenant.open()).destroySlot(1)).rejects.toThrow(code('SlotReserved'));
  });

  it('gives up when somebody rewrites the keyring without end, instead of spinning', async () => {
    const keys = await tenant.open({
      bucket: {
        get: (name) => house.podBucket.get(name),
        put: (name, bytes, condition) =>
          name.endsWith('keyring.json') && 'ifMatch' in condition && Buffer.from(bytes).includes('"epoch":2')
            ? Promise.reject(new PreconditionFailed(name, condition))
            : house.podBucket.put(name, bytes, condition),
      },
    });
    await expect(keys.destroySlot(16)).rejects.toThrow(code('KeyringContended'));
  }, 90_000);
});
