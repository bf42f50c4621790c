import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { jcsBytes } from '../sealing/jcs.js';
import { keyringInvalid } from './errors.js';
import { type Kek, keyringName, parseKeyring } from './keyring.js';
import type { KeyringPlace, OpenKeyring } from './keyring-store.js';
import { canWrap, type KekContext, kekContext, type WrappingKms } from './kms.js';

const KEY_BYTES = 32;

export interface WrappedKek extends Pick<Kek, 'keyId' | 'context'> {
  readonly wrapped: string;
}

/** A new tenant key that nobody has but this process. */
export async function bearKek(
  kms: WrappingKms,
  keyId: string,
  context: KekContext,
): Promise<WrappedKek & { readonly key: KeyObject }> {
  const key = createSecretKey(randomBytes(KEY_BYTES));
  return { key, ...(await wrapKek(kms, keyId, key, context)) };
}

async function wrapKek(kms: WrappingKms, keyId: string, key: KeyObject, context: KekContext): Promise<WrappedKek> {
  const bytes = key.export();
  try {
    const { wrapped, keyId: by } = await kms.encrypt(keyId, bytes, context);
    return { context, keyId: by, wrapped: wrapped.toString('base64') };
  } finally {
    bytes.fill(0);
  }
}

/**
 * Where the operator can make no key that nobody sees (Google, Azure), it bears a keyring without one, and the tenant's pod
 * makes it. Replicas may race: the first that puts its key has made everybody's.
 */
export async function bearWhenEmpty(place: KeyringPlace, minimumEpoch: number): Promise<void> {
  const { bucket, kms, tenantId, namespace } = place;
  const name = keyringName(namespace, tenantId);
  const found = await bucket.get(name);
  if (found === undefined || minimumEpoch > 0) return;
  const keyring = parseKeyring(name, found.bytes, tenantId, canWrap(kms) ? undefined : namespace);
  const [empty] = keyring.keks;
  if (keyring.epoch > 0 || empty === undefined || empty.wrapped !== null) return;
  if (!canWrap(kms)) throw keyringInvalid(name, [`its tenant key is to be made by a pod, not by ${empty.provider}`]);
  const { key: _, ...wrapped } = await bearKek(kms, empty.keyId, kekContext(tenantId, namespace));
  const born = { ...keyring, keks: [{ ...empty, ...wrapped }] };
  await bucket.put(name, jcsBytes(born), { ifMatch: found.etag });
}

/**
 * The same keyring with its tenant keys wrapped for this namespace: a tenant came back under another name, and nobody but
 * its own pod can wrap them again. What keeps others from them meanwhile is that the operator took the KMS key from them.
 */
export async function bringHome(place: KeyringPlace, opened: OpenKeyring): Promise<OpenKeyring> {
  const { kms, tenantId, namespace } = place;
  if (!canWrap(kms) || opened.keyring.keks.every(({ context }) => context.namespace === namespace)) return opened;
  const keks: Kek[] = [];
  for (const kek of opened.keyring.keks) {
    const key = opened.keks.get(kek.gen);
    if (key === undefined) throw new RangeError(`tenant key ${kek.gen} was not opened`);
    keks.push({ ...kek, ...(await wrapKek(kms, kek.keyId, key, kekContext(tenantId, namespace))) });
  }
  const active = keks.find(({ gen }) => gen === opened.active.gen) ?? opened.active;
  return { ...opened, keyring: { ...opened.keyring, keks }, active };
}
