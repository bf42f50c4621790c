import { randomUUID } from 'node:crypto';
import { openRow, sealRow } from '../../../app/sealing/row.js';
import type { Bucket } from '../../../operator/clients/bucket.js';
import {
  birthKeyring,
  destroyKeyring,
  type KeyringPlace,
  keyringPrefix,
  moveKeyring,
  readKeyringHead,
  retainedPlace,
} from '../../../operator/clients/keyring.js';
import { bearTenant, type KeyHouse, type KeyTenant, openKeyHouse } from '../../support/keys.js';

let house: KeyHouse;
let tenant: KeyTenant;
let home: KeyringPlace;
let retained: KeyringPlace;
beforeAll(async () => {
  house = await openKeyHouse();
});
afterAll(() => house.remove());
beforeEach(async () => {
  tenant = await bearTenant(house);
  home = { tenantId: tenant.tenantId, namespace: tenant.namespace };
  retained = retainedPlace(tenant.tenantId);
});

const now = new Date('2026-01-02T03:04:05.678Z');
const place = { table: 'memories', rowId: '018f3b5e-7c1a-7d2e-9f30-4a5b6c7d8e9f', rowVersion: 1 };
const content = { content: 'Alice', subject: null, predicate: null, object: null, metadata: {}, source: null };
const code = (code: string) => expect.objectContaining({ code });
const move = (from: KeyringPlace, to: KeyringPlace, bucket: Bucket = house.bucket) =>
  moveKeyring(bucket, house.kms, { tenantId: home.tenantId, from: from.namespace, to: to.namespace });
const names = (where: KeyringPlace) => house.bucket.list(keyringPrefix(where));

/** The operator's process dies before its n-th change of the bucket. */
function dyingAt(change: number): Bucket {
  let changes = 0;
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    changes += 1;
    if (changes >= change) throw new Error('the operator died');
    return work();
  };
  return {
    get: (name) => house.bucket.get(name),
    list: (prefix) => house.bucket.list(prefix),
    put: (name, bytes, condition) => step(() => house.bucket.put(name, bytes, condition)),
    delete: (name) => step(() => house.bucket.delete(name)),
  };
}

describe('birth', () => {
  const birth = () => ({ tenantId: randomUUID(), namespace: 'mem-new', provider: 'file', keyId: house.keyId, now });

  it('puts one wrapped key and nothing else', async () => {
    const fresh = birth();
    const head = await birthKeyring(house.bucket, house.kms, fresh);
    expect(head).toMatchObject({ epoch: 0, provider: 'file', keyId: house.keyId, gen: 1, blocks: 0, log: undefined });
    const stored = await house.bucket.get(`keys/mem-new/${fresh.tenantId}/keyring.json`);
    expect(JSON.parse(stored?.bytes.toString() ?? '')).toEqual({
      v: 1,
      tenantId: fresh.tenantId,
      epoch: 0,
      keks: [
        {
          gen: 1,
          state: 'active',
          provider: 'file',
          keyId: house.keyId,
          context: { memplane: 'kek/1', tenant: fresh.tenantId, namespace: 'mem-new' },
          wrapped: head.gens[0]?.wrapped,
          kcv: null,
          createdAt: '2026-01-02T03:04:05.678000Z',
        },
      ],
      blocks: [],
      log: null,
      mac: null,
    });
  });

  it('repeated, or by two operators at once, is one birth', async () => {
    const fresh = birth();
    const heads = await Promise.all(Array.from({ length: 5 }, () => birthKeyring(house.bucket, house.kms, fresh)));
    expect(new Set(heads.map((head) => head.gens[0]?.wrapped)).size).toBe(1);
    expect(await birthKeyring(house.bucket, house.kms, fresh)).toEqual(heads[0]);
  });

  it('leaves a keyring that lives as it is', async () => {
    const keys = await tenant.open();
    const head = await birthKeyring(house.bucket, house.kms, { ...birth(), ...home });
    expect(head).toMatchObject({ epoch: 1, blocks: 1, log: { vkey: keys.logKey().vkey } });
  });
});

describe('a move under Retain and back', () => {
  it('keeps the keys, bound to the new place only', async () => {
    const keys = await tenant.open();
    const { sealed } = sealRow(await keys.ensureSlot(1500), place, content);
    const before = await names(home);
    expect(await move(home, retained)).toMatchObject({ epoch: keys.epoch, blocks: 2 });
    expect(await names(home)).toEqual([]);
    expect(await names(retained)).toEqual(
      before.map((name) => name.replace(keyringPrefix(home), keyringPrefix(retained))),
    );
    await expect(tenant.open()).rejects.toThrow(code('KeyringMissing'));

    await move(retained, home);
    expect(await names(home)).toEqual(before);
    const again = await tenant.open({ minimumEpoch: keys.epoch });
    await again.ensureSlot(1500);
    expect(openRow(again, place, sealed).content).toBe('Alice');
    expect(again.logKey().vkey).toBe(keys.logKey().vkey);
  });

  it('leaves nothing that a later tenant of the same name could unwrap', async () => {
    await tenant.open();
    await move(home, retained);
    const stored = await house.bucket.get(`${keyringPrefix(retained)}keyring.json`);
    await house.bucket.put(`${keyringPrefix(home)}keyring.json`, stored?.bytes ?? Buffer.alloc(0), {
      ifNoneMatch: '*',
    });
    await expect(tenant.open()).rejects.toThrow(/kek 1 is bound to retained/);
  });

  it('works for a keyring that no pod has completed', async () => {
    await move(home, retained);
    expect(await readKeyringHead(house.bucket, retained)).toMatchObject({ epoch: 0 });
    await move(retained, home);
    expect((await tenant.open()).epoch).toBe(1);
  });

  it('repeated is done, and without any keyring says so', async () => {
    await tenant.open();
    const head = await move(home, retained);
    expect(await move(home, retained)).toEqual(head);
    await destroyKeyring(house.bucket, retained);
    await expect(move(home, retained)).rejects.toThrow(code('KeyringMissing'));
  });

  it('is finished by the next call, wherever it died', async () => {
    const keys = await tenant.open();
    await keys.ensureSlot(1500);
    const { sealed } = sealRow(keys.slotKey(1500), place, content);
    let [from, to] = [home, retained];
    // Three puts and three deletions make a move of two blocks.
    for (let change = 1; change <= 6; change += 1) {
      await expect(move(from, to, dyingAt(change))).rejects.toThrow('the operator died');
      await move(from, to);
      expect(await names(from)).toEqual([]);
      expect(await names(to)).toHaveLength(3);
      [from, to] = [to, from];
    }
    expect(from).toEqual(home);
    const again = await tenant.open({ minimumEpoch: keys.epoch });
    await again.ensureSlot(1500);
    expect(openRow(again, place, sealed).content).toBe('Alice');
  });

  it('copies anew what has changed since an attempt that died before the deletion', async () => {
    const keys = await tenant.open();
    await expect(move(home, retained, dyingAt(3))).rejects.toThrow('the operator died');
    await keys.destroySlot(16);
    expect(await move(home, retained)).toMatchObject({ epoch: keys.epoch });
    await move(retained, home);
    expect(() => keys.slotKey(16)).toThrow(code('SlotDestroyed'));
    const again = await tenant.open();
    expect(() => again.slotKey(16)).toThrow(code('SlotDestroyed'));
  });

  it('only deletes the source when the target has lived on', async () => {
    await tenant.open();
    await expect(move(home, retained, dyingAt(3))).rejects.toThrow('the operator died');
    await expect(move(retained, home, dyingAt(1))).rejects.toThrow('the operator died');
    const keys = await tenant.open();
    await keys.destroySlot(16);
    expect(await move(retained, home)).toMatchObject({ epoch: 2 });
    expect(await names(retained)).toEqual([]);
  });

  it('does not touch two keyrings that are not of one birth', async () => {
    await tenant.open();
    await move(home, retained);
    await birthKeyring(house.bucket, house.kms, { ...home, provider: 'file', keyId: house.keyId, now });
    await tenant.open();
    await expect(move(retained, home)).rejects.toThrow(code('KeyringConflict'));
    await expect(move(home, retained)).rejects.toThrow(code('KeyringConflict'));
    expect(await names(home)).toHaveLength(2);
    expect(await names(retained)).toHaveLength(2);
  });
});

describe('destruction', () => {
  it('leaves no object of the tenant, and none of another one less', async () => {
    const other = await bearTenant(house);
    await other.open();
    const keys = await tenant.open();
    await keys.ensureSlot(1500);
    const before = await names(home);
    expect(before).toHaveLength(3);
    const { deleted } = await destroyKeyring(house.bucket, home);
    expect(deleted[0]).toMatch(/keyring\.json$/);
    expect([...deleted].sort()).toEqual(before);
    expect(await names(home)).toEqual([]);
    expect((await other.open()).epoch).toBe(1);
    await expect(keys.refresh()).rejects.toThrow(code('KeyringMissing'));
  });

  it('repeated, or of a retained keyring, is no error', async () => {
    await tenant.open();
    await move(home, retained);
    expect((await destroyKeyring(house.bucket, retained)).deleted).toHaveLength(2);
    expect(await destroyKeyring(house.bucket, retained)).toEqual({ deleted: [] });
    expect(await destroyKeyring(house.bucket, home)).toEqual({ deleted: [] });
  });

  it('is finished by the next call, and the wrapped key goes first', async () => {
    await tenant.open();
    await expect(destroyKeyring(dyingAt(2), home)).rejects.toThrow('the operator died');
    expect(await names(home)).toEqual([`${keyringPrefix(home)}block/0`]);
    expect((await destroyKeyring(house.bucket, home)).deleted).toHaveLength(1);
  });

  it('says so when something keeps writing', async () => {
    const stubborn: Bucket = { ...dyingAt(99), delete: () => Promise.resolve() };
    await expect(destroyKeyring(stubborn, home)).rejects.toThrow(code('KeyringNotDestroyed'));
  });
});

it('a keyring that is none, or of another tenant, is refused by name', async () => {
  const where = { tenantId: randomUUID(), namespace: 'mem-odd' };
  const put = (bytes: string, etag?: string) =>
    house.bucket.put(
      `${keyringPrefix(where)}keyring.json`,
      Buffer.from(bytes),
      etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag },
    );
  expect(await readKeyringHead(house.bucket, where)).toBeUndefined();
  const { etag } = await put('{}');
  await expect(readKeyringHead(house.bucket, where)).rejects.toThrow(/it is no keyring of version 1/);
  const foreign = await house.bucket.get(`${keyringPrefix(home)}keyring.json`);
  await put(foreign?.bytes.toString() ?? '', etag);
  await expect(readKeyringHead(house.bucket, where)).rejects.toThrow(new RegExp(`is of tenant ${home.tenantId}`));
});
