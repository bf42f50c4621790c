import type { KeyObject } from 'node:crypto';
import { bearKek } from './bear-kek.js';
import { blockHeader } from './block.js';
import { BucketError, type StoredObject } from './bucket.js';
import { KeyError } from './errors.js';
import { blockName, type Kek, type KekOffer, kekOfferName, parseKekOffer } from './keyring.js';
import { keyCheckValue } from './keyring-mac.js';
import { committedBlock, type KeyringPlace, type OpenKeyring, putKeyring, unwrapKek } from './keyring-store.js';
import { canWrap, kekContext } from './kms.js';

/**
 * A new tenant key, step by step, so that any replica may die anywhere and the next one goes on (docs/adr/0006):
 *
 *   1. the operator, which can compute no MAC, offers a wrapped key beside the keyring (`kek/<gen>`),
 *   2. a pod puts a keyring in which it is active, and the one before only opens,
 *   3. blocks are sealed anew, one by one: no row is touched,
 *   4. when no block needs it any more, the older key leaves the keyring.
 */
export async function adoptOffer(place: KeyringPlace, opened: OpenKeyring): Promise<OpenKeyring> {
  const offer = await readOffer(place, opened.active.gen + 1);
  if (offer === undefined) return opened;
  const { key, kek } = await openOffer(place, opened.active, offer);
  const keks = opened.keyring.keks.map((one): Kek => ({ ...one, state: 'decrypt-only' }));
  const { mac: _, ...keyring } = opened.keyring;
  const active = { ...kek, kcv: keyCheckValue(key) };
  const next: OpenKeyring = { ...opened, active, keks: new Map([...opened.keks, [active.gen, key]]) };
  return putKeyring(place, next, { ...keyring, keks: [...keks, active], epoch: keyring.epoch + 1 });
}

async function readOffer(place: KeyringPlace, gen: number): Promise<KekOffer | undefined> {
  const name = kekOfferName(place.namespace, place.tenantId, gen);
  const found = await getIfAny(place, name);
  return found && parseKekOffer(name, found.bytes, { ...place, gen });
}

/**
 * Where the KMS has a verb that hides the key from whoever asks, the operator asks. Elsewhere the offer is empty and the key
 * is born here: with Azure's public key anybody could wrap one that they know.
 */
async function openOffer(
  { kms, tenantId, namespace }: KeyringPlace,
  active: Kek,
  { gen, provider, keyId, wrapped, createdAt }: KekOffer,
): Promise<{ readonly key: KeyObject; readonly kek: Kek }> {
  const context = kekContext(tenantId, namespace);
  const common = { gen, state: 'active', provider, keyId, context, kcv: null, createdAt } as const;
  if (provider !== active.provider || canWrap(kms) !== (wrapped === null)) {
    throw new KeyError(
      'KeyringInvalid',
      `the offered tenant key ${gen} is not one of ${active.provider}`,
      'delete the offer, and find out who put it there: the operator offers none of this kind',
    );
  }
  if (wrapped !== null) {
    const kek = { ...common, wrapped };
    return { kek, key: await unwrapKek(kms, kek) };
  }
  if (!canWrap(kms)) throw new RangeError('an empty offer was refused above');
  const { key, ...wrappedBy } = await bearKek(kms, keyId, context);
  return { key, kek: { ...common, ...wrappedBy } };
}

/** S3 says `AccessDenied` of what is not there to who may not list, as the tenant's pod may not. */
async function getIfAny({ bucket }: KeyringPlace, name: string): Promise<StoredObject | undefined> {
  return await bucket.get(name).catch((error: unknown) => {
    if (error instanceof BucketError && error.message.includes(': AccessDenied')) return undefined;
    throw error;
  });
}

/** Numbers of the blocks that are still sealed under an older key. */
export const blocksToReseal = ({ keyring, active }: OpenKeyring): readonly number[] =>
  keyring.blocks.filter(({ kekGen }) => kekGen !== active.gen).map(({ n }) => n);

/**
 * The keyring without the keys that no block needs. A block that a replica has put and not named yet is named first, so
 * that its key stays; `opened` as it was when there is nothing to drop.
 */
export async function dropOldKeks(place: KeyringPlace, opened: OpenKeyring): Promise<OpenKeyring> {
  const n = opened.keyring.blocks.length;
  const unnamed = await getIfAny(place, blockName(place.namespace, place.tenantId, n));
  const named = unnamed && (await committedBlock(place, opened, n));
  const current = named?.opened ?? opened;
  if (current.keyring.keks.length === 1 || blocksToReseal(current).length > 0) return current;
  const { mac: _, ...keyring } = current.keyring;
  const keks = keyring.keks.filter(({ gen }) => gen === current.active.gen);
  const dropped = { ...current, keks: new Map([...current.keks].filter(([gen]) => gen === current.active.gen)) };
  return putKeyring(place, dropped, { ...keyring, keks, epoch: keyring.epoch + 1 });
}

/**
 * The ETag of a block n that lies there and belongs to nobody: the keyring does not name it, so no slot of it was ever given
 * out, and its key is gone, so nobody can open it. A replica put it that slept through a whole rotation.
 */
export async function abandonedBlock(
  place: KeyringPlace,
  { keyring, keks, active }: OpenKeyring,
  n: number,
): Promise<string | undefined> {
  if (n < keyring.blocks.length) return undefined;
  const found = await place.bucket.get(blockName(place.namespace, place.tenantId, n));
  const gen = found && blockHeader(found.bytes)?.kekGen;
  return gen !== undefined && gen < active.gen && !keks.has(gen) ? found?.etag : undefined;
}
