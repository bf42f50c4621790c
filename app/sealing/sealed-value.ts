import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { deriveMessageKey, LABELS, type MessageKey } from '../keys/derive.js';
import type { SlotKey, SlotKeys } from '../keys/slot.js';
import { malformed, refused } from './errors.js';
import { buildPlaceBytes, type Place } from './place.js';
import { randomInto } from './random.js';

/**
 * Sealed value, version 1: version(1) ‖ purpose(1) ‖ slot(6) ‖ generation(2) ‖ salt(24) ‖ commitment(16) ‖
 * ciphertext ‖ tag(16). The first 50 bytes and the place are associated data.
 */
export const PURPOSES = {
  row: 1,
  vector: 2,
  artifactKey: 3,
  auditDetail: 4,
  cache: 5,
  backupKey: 6,
  secret: 7,
  identity: 8,
} as const;

export type Purpose = keyof typeof PURPOSES;

export const SALT_BYTES = 24;
const VERSION = 1;
const SALT_AT = 10;
const COMMITMENT_AT = 34;
export const HEADER_BYTES = 50;
const TAG_BYTES = 16;
export const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;
/** A shorter tag is accepted by Node 20 unless the length is demanded, and a 4-byte tag is forged in an afternoon. */
const CIPHER = 'aes-256-gcm';
const TAG = { authTagLength: TAG_BYTES } as const;

export interface SealedHeader {
  readonly purpose: Purpose;
  readonly slot: number;
  readonly generation: number;
}

const purposeOf = new Map<number, Purpose>(Object.entries(PURPOSES).map(([name, code]) => [code, name as Purpose]));

/** What can be known of a sealed value without its key; nothing of it is to be trusted before it is opened. */
export function sealedHeader(sealed: Uint8Array): SealedHeader {
  const bytes = view(sealed);
  if (bytes.length < OVERHEAD_BYTES) throw malformed(`${bytes.length} bytes, at least ${OVERHEAD_BYTES} are needed`);
  if (bytes[0] !== VERSION) throw malformed(`version ${bytes[0]}, this service knows ${VERSION}`);
  const purpose = purposeOf.get(bytes.readUInt8(1));
  if (purpose === undefined) throw malformed(`purpose ${bytes[1]} is not known`);
  return { purpose, slot: bytes.readUIntBE(2, 6), generation: bytes.readUInt16BE(8) };
}

/** Seals under a slot key for one place. `salt` is for test vectors and batches; else it is fresh. */
export function seal(key: SlotKey, purpose: Purpose, place: Place, plaintext: Uint8Array, salt?: Uint8Array): Buffer {
  return sealAt(key, purpose, buildPlaceBytes(key.tenantId, place), plaintext, salt);
}

/** As `seal`, for callers that built the place's bytes themselves. */
export function sealAt(
  key: SlotKey,
  purpose: Purpose,
  place: Uint8Array,
  plaintext: Uint8Array,
  salt?: Uint8Array,
): Buffer {
  const sealed = Buffer.allocUnsafe(OVERHEAD_BYTES + plaintext.length);
  sealed[0] = VERSION;
  sealed[1] = PURPOSES[purpose];
  sealed.writeUIntBE(key.slot, 2, 6);
  sealed.writeUInt16BE(key.generation, 8);
  writeSalt(sealed, salt);
  const message = messageKey(key, sealed);
  sealed.set(message.commitment, COMMITMENT_AT);
  const cipher = createCipheriv(CIPHER, message.key, message.iv, TAG);
  cipher.setAAD(associatedData(sealed, place));
  sealed.set(cipher.update(plaintext), HEADER_BYTES);
  cipher.final();
  sealed.set(cipher.getAuthTag(), sealed.length - TAG_BYTES);
  message.material.fill(0);
  return sealed;
}

/** Opens what `seal` made for this purpose and place, with the key that the header names. */
export function open(keys: SlotKeys, purpose: Purpose, place: Place, sealed: Uint8Array): Buffer {
  const header = sealedHeader(sealed);
  const where = `${place.table} ${place.rowId}`;
  if (place.slot !== undefined && place.slot !== header.slot) throw refused(where);
  const key = keys.slotKey(header.slot, header.generation);
  const plaintext = openAt(key, purpose, buildPlaceBytes(key.tenantId, place), sealed);
  if (plaintext === undefined) throw refused(where);
  return plaintext;
}

/** As `open`, for callers that built the place's bytes themselves; `undefined` is a refusal. */
export function openAt(key: SlotKey, purpose: Purpose, place: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  const bytes = view(sealed);
  const header = sealedHeader(bytes);
  if (header.purpose !== purpose || header.slot !== key.slot || header.generation !== key.generation) return undefined;
  const message = messageKey(key, bytes);
  try {
    const commits = timingSafeEqual(message.commitment, bytes.subarray(COMMITMENT_AT, HEADER_BYTES));
    return commits ? decrypt(message, bytes, place) : undefined;
  } finally {
    message.material.fill(0);
  }
}

function decrypt(message: MessageKey, sealed: Buffer, place: Uint8Array): Buffer | undefined {
  const decipher = createDecipheriv(CIPHER, message.key, message.iv, TAG);
  decipher.setAAD(associatedData(sealed, place));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plaintext = decipher.update(sealed.subarray(HEADER_BYTES, sealed.length - TAG_BYTES));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return undefined;
  }
}

function messageKey(key: SlotKey, sealed: Buffer): MessageKey {
  const context = Buffer.allocUnsafe(1 + SALT_BYTES);
  context.writeUInt8(sealed.readUInt8(1), 0);
  sealed.copy(context, 1, SALT_AT, SALT_AT + SALT_BYTES);
  return deriveMessageKey(key.key, LABELS.seal, context);
}

const associatedData = (sealed: Buffer, place: Uint8Array): Buffer =>
  Buffer.concat([sealed.subarray(0, HEADER_BYTES), place]);

function writeSalt(sealed: Buffer, salt: Uint8Array | undefined): void {
  if (salt === undefined) {
    randomInto(sealed.subarray(SALT_AT, SALT_AT + SALT_BYTES));
    return;
  }
  if (salt.length !== SALT_BYTES) throw malformed(`a salt of ${salt.length} bytes, ${SALT_BYTES} are needed`);
  sealed.set(salt, SALT_AT);
}

const view = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
