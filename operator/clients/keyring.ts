import { type Bucket, PreconditionFailed, type StoredObject } from './bucket.js';
import {
  type KekDocument,
  type KeyringDocument,
  type KeyringPlace,
  keyringName,
  keyringPrefix,
  parseKeyring,
} from './keyring-document.js';
import { KeyringError } from './keyring-errors.js';
import { hidesKeys, kekContext, type OperatorKms } from './kms.js';

export { type KeyringPlace, keyringPrefix, retainedNamespace, retainedPlace } from './keyring-document.js';
export { KeyringError } from './keyring-errors.js';

/** What status and the `memory-keys` Secret show of a keyring. */
export interface KeyringHead {
  readonly tenantId: string;
  /** 0 until the tenant's pod has completed it. */
  readonly epoch: number;
  readonly provider: string;
  readonly keyId: string;
  readonly gen: number;
  /** When the active tenant key was made. */
  readonly rotatedTime: string;
  readonly gens: readonly Pick<KekDocument, 'gen' | 'state' | 'keyId' | 'wrapped'>[];
  readonly blocks: number;
  readonly log: { readonly origin: string; readonly vkey: string } | undefined;
}

/** `undefined` when there is none. */
export async function readKeyringHead(bucket: Bucket, place: KeyringPlace): Promise<KeyringHead | undefined> {
  const found = await read(bucket, place);
  return found && headOf(found.keyring);
}

export interface KeyringBirth extends KeyringPlace {
  readonly provider: string;
  readonly keyId: string;
  readonly now: Date;
}

/**
 * Puts a new keyring where there is none, and nothing where there is one: repeating it, or two operators at once, ends
 * with the one keyring that was first. The tenant's pod completes it, and where no KMS hides keys it makes the key as well.
 */
export async function birthKeyring(bucket: Bucket, kms: OperatorKms, birth: KeyringBirth): Promise<KeyringHead> {
  const existing = await readKeyringHead(bucket, birth);
  if (existing !== undefined) return existing;
  const context = kekContext(birth.tenantId, birth.namespace);
  const wrapped = hidesKeys(kms) ? await kms.generateDataKeyWithoutPlaintext(birth.keyId, context) : undefined;
  const keyring: KeyringDocument = {
    v: 1,
    tenantId: birth.tenantId,
    epoch: 0,
    keks: [
      {
        gen: 1,
        state: 'active',
        provider: birth.provider,
        keyId: birth.keyId,
        context,
        wrapped: wrapped?.toString('base64') ?? null,
        kcv: null,
        createdAt: rfc3339(birth.now),
      },
    ],
    blocks: [],
    log: null,
    mac: null,
  };
  try {
    await bucket.put(keyringName(birth), documentBytes(keyring), { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof PreconditionFailed)) throw error;
  }
  return headOf((await readExisting(bucket, birth)).keyring);
}

export interface KeyringMove {
  readonly tenantId: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Moves a keyring to another namespace, its tenant keys re-wrapped: to `retained/<tenantId>` when the tenant goes under
 * Retain, and back when it re-attaches. No pod of the tenant may run meanwhile. Where each tenant has a KMS key of its own
 * they stay wrapped as they are: nobody may use that key now, and the pod that gets it back wraps them again.
 *
 * Order: blocks, then keyring, then the source is deleted, its keyring last. So a destination keyring of the source's
 * epoch and MAC means that all blocks are there, and a source keyring means that the source is not fully deleted; after
 * a crash the next call goes on from there.
 */
export async function moveKeyring(bucket: Bucket, kms: OperatorKms, move: KeyringMove): Promise<KeyringHead> {
  const from = { tenantId: move.tenantId, namespace: move.from };
  const to = { tenantId: move.tenantId, namespace: move.to };
  const source = await read(bucket, from);
  const target = await read(bucket, to);
  if (source === undefined) return headOf((target ?? missing(from)).keyring);
  if (target === undefined || !supersedes(target.keyring, source.keyring, to)) {
    await copyBlocks(bucket, from, to);
    await putMoved(bucket, kms, source.keyring, to, target);
  }
  const { keyring } = await demandBlocks(bucket, to);
  await deleteAll(bucket, from, 'last');
  return headOf(keyring);
}

/** True when the target is a finished copy of the source, or has lived on since. A fork is neither, and a person's matter. */
function supersedes(target: KeyringDocument, source: KeyringDocument, to: KeyringPlace): boolean {
  const sameBirth = target.keks[0]?.createdAt === source.keks[0]?.createdAt;
  const sameLog = target.log === null || source.log === null || target.log.vkey === source.log.vkey;
  const sameEpoch = target.epoch === source.epoch;
  if (sameBirth && sameLog && (!sameEpoch || target.mac === source.mac)) return target.epoch >= source.epoch;
  throw new KeyringError(
    'KeyringConflict',
    `another keyring of tenant ${to.tenantId}, with epoch ${target.epoch}, is in ${to.namespace} already`,
    'find out under which of the two the data was sealed, and delete the other one',
  );
}

/** Before the source goes: every block that the target's keyring names is there. */
async function demandBlocks(bucket: Bucket, to: KeyringPlace): Promise<Found> {
  const found = await readExisting(bucket, to);
  const there = new Set(await bucket.list(keyringPrefix(to)));
  const absent = found.keyring.blocks.filter(({ n }) => !there.has(`${keyringPrefix(to)}block/${n}`));
  if (absent.length === 0) return found;
  throw new KeyringError(
    'KeyringInvalid',
    `the keyring ${keyringName(to)} names block ${absent[0]?.n}, which is not there`,
    'copy back the block from the second region; the source is kept until then',
  );
}

/** A block of the target is overwritten: it is left of an attempt that did not finish. */
async function copyBlocks(bucket: Bucket, from: KeyringPlace, to: KeyringPlace): Promise<void> {
  for (const name of await bucket.list(`${keyringPrefix(from)}block/`)) {
    const found = await bucket.get(name);
    if (found === undefined) throw missing(from);
    const target = keyringPrefix(to) + name.slice(keyringPrefix(from).length);
    const there = await bucket.get(target);
    if (there?.bytes.equals(found.bytes)) continue;
    await bucket.put(target, found.bytes, there === undefined ? { ifNoneMatch: '*' } : { ifMatch: there.etag });
  }
}

async function putMoved(
  bucket: Bucket,
  kms: OperatorKms,
  source: KeyringDocument,
  to: KeyringPlace,
  there: Found | undefined,
): Promise<void> {
  const keks: KekDocument[] = [];
  for (const kek of source.keks) {
    const context = kekContext(to.tenantId, to.namespace);
    if (!hidesKeys(kms) || kek.wrapped === null) {
      // A key that nobody made yet is bound to nothing.
      keks.push(kek.wrapped === null ? { ...kek, context } : kek);
      continue;
    }
    const wrapped = await kms.reEncrypt(kek.keyId, Buffer.from(kek.wrapped, 'base64'), kek.context, context);
    keks.push({ ...kek, context, wrapped: wrapped.toString('base64') });
  }
  const condition = there === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: there.object.etag };
  await bucket.put(keyringName(to), documentBytes({ ...source, keks }), condition);
}

/** The names of what was deleted now; for the erasure certificate. */
export interface DestroyedKeyring {
  readonly deleted: readonly string[];
}

/**
 * Deletes every key object of the tenant in this place and looks again. The keyring goes first: with the wrapped tenant
 * key gone, what remains after a crash is unreadable.
 */
export async function destroyKeyring(bucket: Bucket, place: KeyringPlace): Promise<DestroyedKeyring> {
  return { deleted: await deleteAll(bucket, place, 'first') };
}

/** A pod that still runs could put an object between listing and deleting; it cannot do so for ever. */
const SWEEPS = 3;

async function deleteAll(bucket: Bucket, place: KeyringPlace, keyring: 'first' | 'last'): Promise<readonly string[]> {
  const prefix = keyringPrefix(place);
  const deleted: string[] = [];
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const names = await bucket.list(prefix);
    if (names.length === 0) return deleted;
    const others = names.filter((name) => name !== keyringName(place));
    const own = names.filter((name) => name === keyringName(place));
    for (const name of keyring === 'first' ? [...own, ...others] : [...others, ...own]) {
      await bucket.delete(name);
      deleted.push(name);
    }
  }
  const left = await bucket.list(prefix);
  if (left.length === 0) return deleted;
  throw new KeyringError(
    'KeyringNotDestroyed',
    `${left.length} key objects are still under ${prefix} (first: ${left[0]})`,
    'end the pods of the tenant, which write them, and try again',
  );
}

interface Found {
  readonly keyring: KeyringDocument;
  readonly object: StoredObject;
}

async function read(bucket: Bucket, place: KeyringPlace): Promise<Found | undefined> {
  const name = keyringName(place);
  const object = await bucket.get(name);
  if (object === undefined) return undefined;
  const keyring = parseKeyring(name, object.bytes);
  if (keyring.tenantId === place.tenantId) return { keyring, object };
  throw new KeyringError(
    'KeyringInvalid',
    `the keyring ${name} is of tenant ${keyring.tenantId}`,
    'somebody copied it there: delete it',
  );
}

async function readExisting(bucket: Bucket, place: KeyringPlace): Promise<Found> {
  return (await read(bucket, place)) ?? missing(place);
}

function missing(place: KeyringPlace): never {
  throw new KeyringError(
    'KeyringMissing',
    `there is no keyring at ${keyringName(place)}`,
    'restore it from the second region; without it the data of the tenant is unreadable',
  );
}

function headOf({ tenantId, epoch, keks, blocks, log }: KeyringDocument): KeyringHead {
  const active = keks.find((kek) => kek.state === 'active');
  return {
    tenantId,
    epoch,
    provider: active?.provider ?? '',
    keyId: active?.keyId ?? '',
    gen: active?.gen ?? 0,
    rotatedTime: active?.createdAt ?? '',
    gens: keks.map(({ gen, state, keyId, wrapped }) => ({ gen, state, keyId, wrapped })),
    blocks: blocks.length,
    log: log === null ? undefined : { origin: log.origin, vkey: log.vkey },
  };
}

/** Times have microseconds; the clock gives three digits of them. */
const rfc3339 = (time: Date): string => time.toISOString().replace(/Z$/, '000Z');

const documentBytes = (keyring: KeyringDocument): Buffer => Buffer.from(JSON.stringify(keyring), 'utf8');
