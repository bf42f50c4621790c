import { createSecretKey, type KeyObject } from 'node:crypto';
import { hmac512 } from './hmac.js';

/** Every purpose has a label of its own, so no two purposes ever share a key. Changing one orphans what it made. */
export const LABELS = {
  seal: 'memplane/seal/1',
  block: 'memplane/block/1',
  keyring: 'memplane/keyring/1',
  keyCheck: 'memplane/kcv/1',
  index: 'memplane/index/1',
  pseudonym: 'memplane/pseudonym/1',
  apiKey: 'memplane/apikey/1',
  rowMac: 'memplane/rowmac/1',
  cursor: 'memplane/cursor/1',
  content: 'memplane/content/1',
} as const;

export type PurposeLabel = (typeof LABELS)['index' | 'pseudonym' | 'apiKey' | 'rowMac' | 'cursor' | 'content'];

const EMPTY = Buffer.alloc(0);

/**
 * SP 800-108 in counter mode with HMAC-SHA-512, one block: counter ‖ label ‖ 00 ‖ context ‖ length in bits (512).
 * A label contains no zero byte, so label and context cannot run into each other.
 */
export function derive(key: KeyObject, label: string, context: Uint8Array = EMPTY): Buffer {
  const labelEnd = 4 + label.length;
  const input = Buffer.allocUnsafe(labelEnd + 1 + context.length + 4);
  input.writeUInt32BE(1, 0);
  input.write(label, 4, 'latin1');
  input[labelEnd] = 0;
  input.set(context, labelEnd + 1);
  input.writeUInt32BE(512, labelEnd + 1 + context.length);
  return hmac512(key, input);
}

export interface MessageKey {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly commitment: Buffer;
  /** The three are views of this one: whoever is done with them fills it with zeros. */
  readonly material: Buffer;
}

/** Key, iv and commitment of one message; the salt in the context makes them unique, so nothing counts messages. */
export function deriveMessageKey(key: KeyObject, label: string, context: Uint8Array): MessageKey {
  const material = derive(key, label, context);
  return {
    key: material.subarray(0, 32),
    iv: material.subarray(32, 44),
    commitment: material.subarray(44, 60),
    material,
  };
}

/** First 32 bytes under a label with empty context, as a key object; the bytes do not outlive the call. */
export function deriveKey(key: KeyObject, label: string): KeyObject {
  const material = derive(key, label);
  const derived = createSecretKey(material.subarray(0, 32));
  material.fill(0);
  return derived;
}

const purposeKeys = new WeakMap<KeyObject, Map<PurposeLabel, KeyObject>>();

/** As `deriveKey`, remembered as long as the slot key itself lives. */
export function purposeKey(slotKey: KeyObject, label: PurposeLabel): KeyObject {
  const known = purposeKeys.get(slotKey) ?? new Map<PurposeLabel, KeyObject>();
  purposeKeys.set(slotKey, known);
  const derived = known.get(label) ?? deriveKey(slotKey, label);
  known.set(label, derived);
  return derived;
}
