import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { jcsBytes } from '../sealing/jcs.js';
import { type Block, blockHeader, openBlock, sealBlock } from './block.js';
import { type KeyBucket, PreconditionFailed } from './bucket.js';
import { blockInvalid, KeyError, keyringInvalid, keyringMissing, keyringRolledBack } from './errors.js';
import { type BlockEntry, blockName, type Kek, type Keyring, keyringName, parseKeyring } from './keyring.js';
import { keyCheckValue, keyringMac, verifyKeyringMac } from './keyring-mac.js';
import { canWrap, type Kms } from './kms.js';

/**
 * Reading and changing a keyring. A change touches two objects, so its order makes it safe:
 *
 *   1. the block is put, with an epoch above every one before (`If-Match`: only over the block that was read),
 *   2. the keyring is put, naming the block's new hash (`If-Match`), with a higher epoch.
 *
 * Between the two, or after a crash there, a reader finds a block newer than the keyring says. It is authentic (sealed
 * under the tenant key) and was put over the committed one, so the reader finishes step 2 itself. An older block than
 * the keyring says is a replay and refused.
 */
export interface KeyringPlace {
  readonly tenantId: string;
  readonly namespace: string;
  readonly bucket: Pick<KeyBucket, 'get' | 'put'>;
  readonly kms: Kms;
}

export interface OpenKeyring {
  readonly keyring: Keyring;
  readonly etag: string;
  readonly keks: ReadonlyMap<number, KeyObject>;
  readonly active: Kek;
}

export interface StoredBlock {
  readonly block: Block;
  readonly etag: string;
  readonly sha256: string;
}

/** Reads the keyring and unwraps its keys; those of `known` are not asked for again. The MAC holds, unless epoch is 0. */
export async function readKeyring(
  place: KeyringPlace,
  minimumEpoch: number,
  known?: OpenKeyring,
): Promise<OpenKeyring> {
  const name = keyringName(place.namespace, place.tenantId);
  const found = await place.bucket.get(name);
  if (found === undefined) throw keyringMissing(name);
  if (known?.etag === found.etag) return known;
  const keyring = parseKeyring(name, found.bytes, place.tenantId, canWrap(place.kms) ? undefined : place.namespace);
  if (keyring.epoch < minimumEpoch) throw keyringRolledBack(name, keyring.epoch, minimumEpoch);
  const active = keyring.keks.find((kek) => kek.state === 'active');
  if (active === undefined) throw keyringInvalid(name, ['no kek is active']);
  const keks = new Map<number, KeyObject>();
  for (const kek of keyring.keks) keks.set(kek.gen, known?.keks.get(kek.gen) ?? (await unwrapKek(place.kms, kek)));
  const opened = { keyring, etag: found.etag, keks, active };
  const problems = [...checkValueProblems(opened), ...macProblems(opened)];
  if (known && active.gen < known.active.gen)
    problems.push(`kek ${active.gen} is active again, after ${known.active.gen}`);
  if (problems.length > 0) throw keyringInvalid(name, problems);
  return opened;
}

export const activeKey = (opened: OpenKeyring): KeyObject => keyOfGen(opened, opened.active.gen);

/** Generations are the keyring's own, or were checked by the caller. */
export function keyOfGen({ keks }: Pick<OpenKeyring, 'keks'>, gen: number): KeyObject {
  const key = keks.get(gen);
  if (key === undefined) throw new RangeError(`the keyring has no tenant key ${gen}`);
  return key;
}

/** Asks the KMS for the tenant key once more: whether it is there, and still gives it to us. */
export async function confirmKey({ kms }: Pick<KeyringPlace, 'kms'>, { active }: OpenKeyring): Promise<void> {
  await unwrapKek(kms, active);
}

export async function unwrapKek(kms: Kms, kek: Kek): Promise<KeyObject> {
  if (kek.wrapped === null) {
    throw new KeyError(
      'KeyUnavailable',
      `tenant key ${kek.gen} is not made yet`,
      'a pod of the tenant makes it at its start',
    );
  }
  const bytes = await kms.decrypt(kek.keyId, Buffer.from(kek.wrapped, 'base64'), kek.context);
  const key = createSecretKey(bytes);
  const length = bytes.length;
  bytes.fill(0);
  if (length === 32) return key;
  throw new KeyError(
    'KmsRefused',
    `tenant key ${kek.gen} has ${length} bytes, not 32`,
    'check which KMS key wrapped it',
  );
}

const checkValueProblems = (opened: OpenKeyring): readonly string[] =>
  opened.keyring.keks
    .filter(({ gen, kcv }) => kcv !== null && kcv !== keyCheckValue(keyOfGen(opened, gen)))
    .map(({ gen }) => `kek ${gen} is another key than its kcv says`);

const macProblems = (opened: OpenKeyring): readonly string[] =>
  opened.keyring.epoch === 0 || verifyKeyringMac(activeKey(opened), opened.keyring) ? [] : ['its MAC is wrong'];

/** Puts the document with its MAC. Throws `PreconditionFailed` when somebody was faster. */
export async function putKeyring(
  place: KeyringPlace,
  opened: OpenKeyring,
  change: Omit<Keyring, 'mac'>,
): Promise<OpenKeyring> {
  const keyring = { ...change, mac: keyringMac(activeKey(opened), { ...change, mac: null }) };
  const name = keyringName(place.namespace, place.tenantId);
  const { etag } = await place.bucket.put(name, jcsBytes(keyring), { ifMatch: opened.etag });
  return { ...opened, keyring, etag };
}

/** `undefined` when there is no such object. */
export async function readBlock(place: KeyringPlace, opened: OpenKeyring, n: number): Promise<StoredBlock | undefined> {
  const name = blockName(place.namespace, place.tenantId, n);
  const found = await place.bucket.get(name);
  if (found === undefined) return undefined;
  const header = blockHeader(found.bytes);
  if (header === undefined) throw blockInvalid(name, 'it is no key block of version 1');
  const key = opened.keks.get(header.kekGen);
  if (key === undefined) throw blockInvalid(name, `the keyring has no tenant key ${header.kekGen}`);
  const block = openBlock(key, found.bytes);
  if (block === undefined) throw blockInvalid(name, 'it was changed, or sealed under another key');
  if (block.tenantId !== place.tenantId || block.n !== n) {
    throw blockInvalid(name, `it is block ${block.n} of tenant ${block.tenantId}`);
  }
  return { block, etag: found.etag, sha256: sha256(found.bytes) };
}

export interface Committed extends StoredBlock {
  readonly opened: OpenKeyring;
}

/** The block as the keyring says it is; a newer one is committed first. `undefined` when the keyring knows no block n. */
export async function committedBlock(
  place: KeyringPlace,
  opened: OpenKeyring,
  n: number,
): Promise<Committed | undefined> {
  const stored = await readBlock(place, opened, n);
  const entry = opened.keyring.blocks[n];
  const name = blockName(place.namespace, place.tenantId, n);
  if (stored === undefined) {
    if (entry === undefined) return undefined;
    throw blockInvalid(name, 'it is missing');
  }
  if (entry?.sha256 === stored.sha256) return { ...stored, opened };
  if (entry !== undefined && stored.block.epoch <= entry.epoch) {
    throw blockInvalid(
      name,
      `its epoch ${stored.block.epoch} is not above ${entry.epoch}, and its hash is not the keyring's`,
    );
  }
  return { ...stored, opened: await commitBlock(place, opened, stored) };
}

/** Step 2 of a change. Done as well when somebody else committed this block, or a later one, in the meantime. */
export async function commitBlock(place: KeyringPlace, opened: OpenKeyring, stored: StoredBlock): Promise<OpenKeyring> {
  const { n, epoch, kekGen } = stored.block;
  return retrying(place, async (attempt) => {
    const current = attempt === 0 ? opened : await readKeyring(place, opened.keyring.epoch, opened);
    const { mac: _, ...keyring } = current.keyring;
    if ((keyring.blocks[n]?.epoch ?? 0) >= epoch) return current;
    if (!current.keks.has(kekGen)) {
      const name = blockName(place.namespace, place.tenantId, n);
      throw blockInvalid(name, `tenant key ${kekGen}, under which it was sealed meanwhile, is gone: ask again`);
    }
    const entry: BlockEntry = { n, epoch, kekGen, sha256: stored.sha256 };
    const blocks = [...keyring.blocks.slice(0, n), entry, ...keyring.blocks.slice(n + 1)];
    return putKeyring(place, current, { ...keyring, blocks, epoch: Math.max(keyring.epoch + 1, epoch) });
  });
}

/** Step 1 of a change. `over` is the ETag of the block that was read, or `undefined` for a new one. */
export async function putBlock(
  place: KeyringPlace,
  opened: OpenKeyring,
  block: Block,
  over: string | undefined,
): Promise<StoredBlock> {
  const bytes = sealBlock(activeKey(opened), block);
  const condition = over === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: over };
  const { etag } = await place.bucket.put(blockName(place.namespace, place.tenantId, block.n), bytes, condition);
  return { block, etag, sha256: sha256(bytes) };
}

/** Each loser of a race reads anew; among r replicas at most r - 1 lose a round, so this many rounds are plenty. */
const ATTEMPTS = 50;

export async function retrying<T>(place: KeyringPlace, work: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof PreconditionFailed)) throw error;
      await sleep(Math.random() * 10 * Math.min(attempt, 10));
    }
  }
  throw new KeyError(
    'KeyringContended',
    `the keyring of ${place.tenantId} changed under ${ATTEMPTS} attempts`,
    'try again; if it persists, look for a process that rewrites it in a loop',
  );
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
