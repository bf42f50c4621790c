import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BucketError } from '../../../app/keys/bucket.js';
import { type KeyBucket, type OpenTenantKeys, openTenantKeys, type TenantKeys } from '../../../app/keys/index.js';
import { blockName, type Keyring, kekOfferName, keyringName } from '../../../app/keys/keyring.js';
import { kekContext, type WrappingKms } from '../../../app/keys/kms.js';
import { openKms } from '../../../app/keys/kms-providers.js';
import { offerKek } from '../../../operator/clients/kek-offer.js';
import { startCloudKms } from '../../support/cloud-kms-stand-in.js';
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

const NOW = { keepOldKeysMs: 0 };
const SLOTS = [1, 16, 1_500, 2_500];
const offer = (): Promise<number> => offerKek(house.bucket, house.kms, tenant, new Date());
const ring = async (): Promise<Keyring> => {
  const found = await house.bucket.get(keyringName(tenant.namespace, tenant.tenantId));
  return JSON.parse(found?.bytes.toString() ?? '{}') as Keyring;
};
const gens = async () => {
  const { keks, blocks } = await ring();
  return {
    keks: keks.map(({ gen, state }) => `${gen} ${state}`),
    blocks: [...new Set(blocks.map((one) => one.kekGen))],
  };
};
const secrets = async (keys: TenantKeys): Promise<readonly string[]> =>
  Promise.all(SLOTS.map(async (slot) => (await keys.ensureSlot(slot)).key.export().toString('hex')));

/** A process that dies before one of its puts. */
const dyingAt = (put: number): KeyBucket => {
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
};

describe('a new tenant key', () => {
  it('is taken up as the operator offers it; every slot opens as before, and the old key goes when no block needs it', async () => {
    const keys = await tenant.open(NOW);
    const before = await secrets(keys);
    const vkey = keys.logKey().vkey;
    expect(await keys.followRotation()).toEqual({ gen: 1, resealed: 0, kept: [] });
    expect(await offer()).toBe(2);
    expect(await keys.followRotation()).toEqual({ gen: 2, resealed: 3, kept: [] });
    expect(await gens()).toEqual({ keks: ['2 active'], blocks: [2] });
    expect(await secrets(keys)).toEqual(before);
    const again = await tenant.open();
    expect([await secrets(again), again.logKey().vkey, again.epoch]).toEqual([before, vkey, keys.epoch]);
    expect(await offer()).toBe(3);
    await again.followRotation();
    expect(await secrets(await tenant.open())).toEqual(before);
    const left = await house.bucket.list(kekOfferName(tenant.namespace, tenant.tenantId, 0).slice(0, -1));
    expect(left).toEqual([kekOfferName(tenant.namespace, tenant.tenantId, 3)]);
  });

  it('is one offer, however often and by however many operators it is made', async () => {
    await tenant.open();
    expect(await Promise.all([offer(), offer(), offer()])).toEqual([2, 2, 2]);
    const name = kekOfferName(tenant.namespace, tenant.tenantId, 2);
    const first = await house.bucket.get(name);
    await offer();
    expect((await house.bucket.get(name))?.bytes).toEqual(first?.bytes);
  });

  it('keeps the old key for a while, for a replica that is slow; both go on working', async () => {
    const [fast, slow] = [await tenant.open(), await tenant.open()];
    const before = await secrets(fast);
    await offer();
    expect(await fast.followRotation()).toEqual({ gen: 2, resealed: 3, kept: [1] });
    expect(await gens()).toEqual({ keks: ['1 decrypt-only', '2 active'], blocks: [2] });
    expect(await secrets(slow)).toEqual(before);
    // It still believes in the old key, and makes a block and destroys a slot all the same.
    await slow.ensureSlot(3_500);
    await slow.destroySlot(16);
    await fast.refresh();
    expect(() => fast.slotKey(16)).toThrow('destroyed');
    expect((await ring()).mac).not.toBeNull();
    await (await tenant.open(NOW)).followRotation();
    expect(await gens()).toEqual({ keks: ['2 active'], blocks: [2] });
  });

  it('survives the end of the process at every step: the next one goes on', async () => {
    const before = await secrets(await tenant.open());
    for (let gen = 2, put = 1; put <= 9; gen++, put++) {
      expect(await offer()).toBe(gen);
      const dying = await tenant.open({ ...NOW, bucket: dyingAt(put) });
      const died = await dying.followRotation().then(
        () => false,
        () => true,
      );
      // Adoption, two puts a block, and the end: eight puts.
      expect(died).toBe(put <= 8);
      const next = await tenant.open(NOW);
      expect(await secrets(next)).toEqual(before);
      expect(await next.followRotation()).toMatchObject({ gen, kept: [] });
      expect(await gens()).toEqual({ keks: [`${gen} active`], blocks: [gen] });
      expect(await secrets(next)).toEqual(before);
    }
  });

  it('is taken up once by replicas that race', async () => {
    const replicas = await Promise.all([tenant.open(), tenant.open(), tenant.open()]);
    const before = await secrets(replicas[0]);
    await offer();
    const done = await Promise.all(replicas.map((one) => one.followRotation()));
    expect(done.map(({ gen }) => gen)).toEqual([2, 2, 2]);
    expect(await gens()).toEqual({ keks: ['1 decrypt-only', '2 active'], blocks: [2] });
    for (const one of replicas) expect(await secrets(one)).toEqual(before);
  });

  it('is not held up by a block that a replica put under the dropped key and never named', async () => {
    const keys = await tenant.open(NOW);
    await keys.ensureSlot(16);
    const sleeper = await tenant.open({ bucket: dyingAt(2) });
    await expect(sleeper.ensureSlot(1_500)).rejects.toThrow('died');
    const name = blockName(tenant.namespace, tenant.tenantId, 1);
    const orphan = (await house.bucket.get(name))?.bytes ?? Buffer.alloc(0);
    await house.bucket.delete(name);
    await offer();
    await keys.followRotation();
    await house.bucket.put(name, orphan, { ifNoneMatch: '*' });
    const key = await keys.ensureSlot(1_500);
    expect((await (await tenant.open()).ensureSlot(1_500)).key.export()).toEqual(key.key.export());
    expect(await gens()).toEqual({ keks: ['2 active'], blocks: [2] });
  });

  it('is named first where a replica put a block under the old key and has not named it yet', async () => {
    const keys = await tenant.open(NOW);
    const sleeper = await tenant.open({ bucket: dyingAt(2) });
    await expect(sleeper.ensureSlot(1_500)).rejects.toThrow('died');
    await offer();
    await keys.followRotation();
    expect(await gens()).toEqual({ keks: ['1 decrypt-only', '2 active'], blocks: [2, 1] });
    await keys.followRotation();
    expect(await gens()).toEqual({ keks: ['2 active'], blocks: [2] });
  });

  it('does not come from somebody else: of another tenant, another generation, another provider, without a key, unwrapped elsewhere', async () => {
    const keys = await tenant.open();
    await offer();
    const name = kekOfferName(tenant.namespace, tenant.tenantId, 2);
    const good = JSON.parse((await house.bucket.get(name))?.bytes.toString() ?? '{}') as Record<string, unknown>;
    const foreign = kekContext('11111111-2222-4333-8444-555555555555', 'mem-other');
    const elsewhere = (await house.kms.generateDataKeyWithoutPlaintext(house.keyId, foreign)).toString('base64');
    const bad: readonly object[] = [
      { tenantId: '11111111-2222-4333-8444-555555555555' },
      { gen: 3 },
      { provider: 'gcp' },
      { wrapped: null },
      { wrapped: elsewhere },
      { keyId: '/another/key' },
      { more: true },
    ];
    for (const change of bad) {
      const there = await house.bucket.get(name);
      await house.bucket.put(name, Buffer.from(JSON.stringify({ ...good, ...change })), { ifMatch: there?.etag ?? '' });
      await expect(keys.followRotation()).rejects.toMatchObject({
        code: expect.stringMatching(/KeyringInvalid|KmsRefused/),
      });
    }
    expect(await gens()).toEqual({ keks: ['1 active'], blocks: [1] });
  });

  it('does not go back: a running pod refuses a keyring in which an older one is active again', async () => {
    const keys = await tenant.open();
    const name = keyringName(tenant.namespace, tenant.tenantId);
    const old = (await house.bucket.get(name))?.bytes ?? Buffer.alloc(0);
    await offer();
    await keys.followRotation();
    const there = await house.bucket.get(name);
    await house.bucket.put(name, old, { ifMatch: there?.etag ?? '' });
    await expect(keys.refresh()).rejects.toMatchObject({ code: 'KeyringRolledBack' });
  });

  it('is looked for where who may not list is told that a missing object is forbidden, as S3 does', async () => {
    const keys = await tenant.open({ ...NOW, bucket: forbidding() });
    expect(await keys.followRotation()).toMatchObject({ gen: 1 });
    await keys.ensureSlot(1_500);
    await offer();
    expect(await keys.followRotation()).toMatchObject({ gen: 2, kept: [] });
  });

  const forbidding = (): KeyBucket => ({
    ...dyingAt(Number.POSITIVE_INFINITY),
    get: async (name) => {
      const found = await house.podBucket.get(name);
      if (found) return found;
      throw new BucketError('BucketUnavailable', `S3 did not read ${name} in bucket keys: AccessDenied`, 'ask');
    },
  });
});

describe('a new tenant key where no KMS hides it (Google, stand-in)', () => {
  it('is born in the tenant’s own pod, on an offer without a key', async () => {
    const clouds = await startCloudKms();
    const folder = mkdtempSync(join(tmpdir(), 'memplane-rotate-'));
    writeFileSync(join(folder, 'token'), 'of-the-pod');
    const keyId = clouds.google.wrapping;
    const identity = { GCE_METADATA_HOST: clouds.host };
    const kms = openKms({ provider: 'gcp', keyId, endpoint: clouds.url, identity }) as WrappingKms;
    const place = { tenantId: tenant.tenantId, namespace: 'mem-google' };
    const options: OpenTenantKeys = { ...place, ...NOW, kms, bucket: house.podBucket };
    const { wrapped } = await kms.encrypt(keyId, Buffer.alloc(32, 7), kekContext(place.tenantId, place.namespace));
    await house.bucket.put(keyringName(place.namespace, place.tenantId), bornBy('gcp', keyId, place, wrapped), {
      ifNoneMatch: '*',
    });
    const keys = await openTenantKeys(options);
    const before = await secrets(keys);
    const empty = { v: 1, tenantId: place.tenantId, gen: 2, provider: 'gcp', keyId, wrapped: null, createdAt: 'now' };
    const name = kekOfferName(place.namespace, place.tenantId, 2);
    const { etag } = await house.bucket.put(name, Buffer.from(JSON.stringify({ ...empty, wrapped: 'AAAA' })), {
      ifNoneMatch: '*',
    });
    await expect(keys.followRotation()).rejects.toThrow('is not one of gcp');
    await house.bucket.put(name, Buffer.from(JSON.stringify(empty)), { ifMatch: etag });
    expect(await keys.followRotation()).toEqual({ gen: 2, resealed: 3, kept: [] });
    expect(await secrets(await openTenantKeys(options))).toEqual(before);
    await clouds.stop();
    rmSync(folder, { recursive: true, force: true });
  });
});

const bornBy = (
  provider: string,
  keyId: string,
  { tenantId, namespace }: { readonly tenantId: string; readonly namespace: string },
  wrapped: Buffer,
): Buffer => {
  const kek = { gen: 1, state: 'active', provider, keyId, kcv: null, createdAt: '2026-01-01T00:00:00.000000Z' };
  const keks = [{ ...kek, context: kekContext(tenantId, namespace), wrapped: wrapped.toString('base64') }];
  return Buffer.from(JSON.stringify({ v: 1, tenantId, epoch: 0, keks, blocks: [], log: null, mac: null }));
};
