import { type Bucket, PreconditionFailed } from './bucket.js';
import { KeyringError, readKeyringHead } from './keyring.js';
import { type KeyringPlace, kekOfferName, keyringPrefix } from './keyring-document.js';
import { hidesKeys, kekContext, type OperatorKms } from './kms.js';

/**
 * Offers the tenant's pod a new tenant key, wrapped (or, where the pod makes it, empty), beside the keyring; the pod adopts it, brings its blocks under it and
 * drops the old one. Repeated, or by two operators at once, it is one offer. Answers the generation that is offered.
 */
export async function offerKek(bucket: Bucket, kms: OperatorKms, place: KeyringPlace, now: Date): Promise<number> {
  const head = await readKeyringHead(bucket, place);
  if (head === undefined || head.epoch === 0) {
    throw new KeyringError(
      'KeyringMissing',
      `there is no complete keyring of tenant ${place.tenantId} in ${place.namespace}`,
      'let the tenant run first: its pod completes the keyring',
    );
  }
  await sweepOffers(bucket, place, head.gen);
  const gen = head.gen + 1;
  const name = kekOfferName(place, gen);
  if ((await bucket.get(name)) !== undefined) return gen;
  const context = kekContext(place.tenantId, place.namespace);
  const wrapped = hidesKeys(kms) ? await kms.generateDataKeyWithoutPlaintext(head.keyId, context) : undefined;
  const offer = {
    ...{ v: 1, tenantId: place.tenantId, gen, provider: head.provider, keyId: head.keyId },
    ...{ wrapped: wrapped?.toString('base64') ?? null, createdAt: now.toISOString().replace(/Z$/, '000Z') },
  };
  try {
    await bucket.put(name, Buffer.from(JSON.stringify(offer), 'utf8'), { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof PreconditionFailed)) throw error;
  }
  return gen;
}

/** What was adopted is of no use any more; an older wrapped key must not lie about. */
async function sweepOffers(bucket: Bucket, place: KeyringPlace, active: number): Promise<void> {
  const prefix = `${keyringPrefix(place)}kek/`;
  for (const name of await bucket.list(prefix)) {
    if (Number(name.slice(prefix.length)) <= active) await bucket.delete(name);
  }
}
