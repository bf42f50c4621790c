import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { jcsBytes } from '../sealing/jcs.js';
import { uuidBytes } from '../sealing/place.js';
import { deriveMessageKey, LABELS, type MessageKey } from './derive.js';
import { SLOTS, SLOTS_IN_BLOCK } from './slot.js';

/**
 * 1,024 slot keys, sealed under the tenant key: "MPKB" ‖ 01 ‖ tenantId(16) ‖ u32 n ‖ u64 epoch ‖ u32 kekGen ‖
 * salt(24) ‖ commitment(16) ‖ ciphertext ‖ tag(16). All bytes before the ciphertext are associated data.
 *
 * Every slot gets its first key when the block is made, so a new user costs no write here. `free` means that no use of
 * it was recorded yet, and uses are recorded with the next change of the block: only the database's sequence tells
 * which slots are taken.
 */
export interface Block extends BlockHeader {
  readonly slots: ReadonlyMap<number, BlockSlot>;
}

export interface BlockHeader {
  readonly tenantId: string;
  readonly n: number;
  readonly epoch: number;
  readonly kekGen: number;
}

export type SlotState = 'free' | 'live' | 'destroyed';

export interface BlockSlot {
  readonly state: SlotState;
  /** Oldest first. Empty when destroyed. */
  readonly keys: readonly SlotGeneration[];
}

export interface SlotGeneration {
  readonly generation: number;
  readonly key: KeyObject;
}

const MAGIC = Buffer.from('MPKB\x01', 'latin1');
const N_AT = 21;
const EPOCH_AT = 25;
const KEK_GEN_AT = 33;
const SALT_AT = 37;
export const BLOCK_SALT_BYTES = 24;
const COMMITMENT_AT = 61;
const TEXT_AT = 77;
const TAG = { authTagLength: 16 } as const;
const CIPHER = 'aes-256-gcm';
export const SLOT_KEY_BYTES = 32;

export function newBlock(header: BlockHeader): Block {
  const slots = new Map<number, BlockSlot>();
  const first = header.n * SLOTS_IN_BLOCK;
  for (let slot = first; slot < first + SLOTS_IN_BLOCK; slot += 1) {
    const state = slot < SLOTS.firstUser ? 'live' : 'free';
    slots.set(slot, { state, keys: [{ generation: 1, key: newSlotKey() }] });
  }
  return { ...header, slots };
}

function newSlotKey(): KeyObject {
  const bytes = randomBytes(SLOT_KEY_BYTES);
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

export function sealBlock(kek: KeyObject, block: Block, salt: Uint8Array = randomBytes(BLOCK_SALT_BYTES)): Buffer {
  const header = Buffer.alloc(TEXT_AT);
  header.set(MAGIC);
  header.set(uuidBytes(block.tenantId, 'tenantId'), MAGIC.length);
  header.writeUInt32BE(block.n, N_AT);
  header.writeBigUInt64BE(BigInt(block.epoch), EPOCH_AT);
  header.writeUInt32BE(block.kekGen, KEK_GEN_AT);
  header.set(salt, SALT_AT);
  const message = deriveMessageKey(kek, LABELS.block, salt);
  header.set(message.commitment, COMMITMENT_AT);
  const plaintext = blockPlaintext(block);
  const cipher = createCipheriv(CIPHER, message.key, message.iv, TAG);
  cipher.setAAD(header);
  const sealed = Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  plaintext.fill(0);
  message.material.fill(0);
  return sealed;
}

/** The header, or `undefined` for what is no block. Not to be trusted before the block is opened. */
export function blockHeader(bytes: Buffer): BlockHeader | undefined {
  if (bytes.length < TEXT_AT + TAG.authTagLength || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const epoch = bytes.readBigUInt64BE(EPOCH_AT);
  if (epoch > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const hex = bytes.toString('hex', MAGIC.length, N_AT);
  return {
    tenantId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    n: bytes.readUInt32BE(N_AT),
    epoch: Number(epoch),
    kekGen: bytes.readUInt32BE(KEK_GEN_AT),
  };
}

/** `undefined` when the bytes are no block, were changed, or were sealed under another key. */
export function openBlock(kek: KeyObject, bytes: Buffer): Block | undefined {
  const header = blockHeader(bytes);
  if (header === undefined) return undefined;
  const message = deriveMessageKey(kek, LABELS.block, bytes.subarray(SALT_AT, COMMITMENT_AT));
  try {
    if (!timingSafeEqual(message.commitment, bytes.subarray(COMMITMENT_AT, TEXT_AT))) return undefined;
    const plaintext = decrypt(message, bytes);
    return plaintext && { ...header, slots: parseSlots(plaintext) };
  } finally {
    message.material.fill(0);
  }
}

function decrypt(message: MessageKey, bytes: Buffer): Buffer | undefined {
  const tagAt = bytes.length - TAG.authTagLength;
  const decipher = createDecipheriv(CIPHER, message.key, message.iv, TAG);
  decipher.setAAD(bytes.subarray(0, TEXT_AT));
  decipher.setAuthTag(bytes.subarray(tagAt));
  const plaintext = decipher.update(bytes.subarray(TEXT_AT, tagAt));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return undefined;
  }
}

interface SlotText {
  readonly i: number;
  readonly s: SlotState;
  readonly g: readonly (readonly [number, string])[];
}

/** `i` is the slot's number within the tenant, not within the block. */
const blockPlaintext = (block: Block): Buffer =>
  jcsBytes(
    [...block.slots].map(([slot, { state, keys }]) => ({
      i: slot,
      s: state,
      g: keys.map(({ generation, key }) => [generation, key.export().toString('base64')]),
    })),
  );

/** The bytes were authenticated, so they are what we wrote. */
function parseSlots(plaintext: Buffer): ReadonlyMap<number, BlockSlot> {
  const texts = JSON.parse(plaintext.toString('utf8')) as readonly SlotText[];
  plaintext.fill(0);
  return new Map(
    texts.map(({ i, s, g }) => [
      i,
      { state: s, keys: g.map(([generation, key]) => ({ generation, key: createSecretKey(key, 'base64') })) },
    ]),
  );
}
