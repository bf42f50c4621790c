import { type Cipher, createCipheriv, createHash, type KeyObject } from 'node:crypto';
import { LABELS, purposeKey } from '../keys/derive.js';
import type { SlotKey } from '../keys/slot.js';
import { randomInto } from './random.js';
import { termsOf } from './terms.js';

/**
 * Search tokens: equal terms of one slot have equal tokens, and that is all they show. Across slots they are unrelated.
 * Tokens are 32 bits, so some matches are false: check them after opening the row.
 */
const BLOCK = 16;
const LONGEST_INLINE = 15;
const HASHED = 0xff;

/** A set of tokens shows only the step it was padded to. Beyond the last step: its multiples. */
const STEPS = [8, 16, 32, 64] as const;
const LARGEST_STEP = 64;

/** The tokens to store with a text, padded with random ones, sorted. */
export const searchTokens = (key: SlotKey, text: string): Int32Array => padTokens(termTokens(key, termsOf(text)));

/** The tokens to search for. Not padded: a random token would demand a match. Empty when only stop words were given. */
export const queryTokens = (key: SlotKey, text: string): Int32Array => termTokens(key, termsOf(text));

/** The tokens of terms as they are, sorted and distinct: for metadata (`key=value`) and other exact terms. */
export function termTokens(key: SlotKey, terms: Iterable<string>): Int32Array {
  const distinct = [...new Set(terms)];
  const blocks = Buffer.allocUnsafe(distinct.length * BLOCK).fill(0);
  distinct.forEach((term, i) => {
    writeTermBlock(blocks.subarray(i * BLOCK, (i + 1) * BLOCK), term);
  });
  // One pass over all blocks.
  const encrypted = blockCipher(key).update(blocks);
  const tokens = new Set<number>();
  for (let at = 0; at < encrypted.length; at += BLOCK) tokens.add(encrypted.readInt32BE(at));
  return Int32Array.from(tokens).sort();
}

const ciphers = new WeakMap<KeyObject, Cipher>();

/**
 * ECB is right here: equal terms are meant to give equal tokens. Of whole blocks it carries nothing from one to the next, so
 * that one cipher serves every row as long as its key lives; a new one costs as much as forty blocks.
 */
function blockCipher({ key }: SlotKey): Cipher {
  const known =
    ciphers.get(key) ?? createCipheriv('aes-256-ecb', purposeKey(key, LABELS.index), null).setAutoPadding(false);
  ciphers.set(key, known);
  return known;
}

/** Adds random tokens up to the next step, and sorts, so that neither number nor place tells which are real. */
export function padTokens(tokens: Int32Array): Int32Array {
  const size = STEPS.find((step) => tokens.length <= step) ?? Math.ceil(tokens.length / LARGEST_STEP) * LARGEST_STEP;
  const padded = new Set(tokens);
  while (padded.size < size) {
    const fresh = new Int32Array(size - padded.size);
    randomInto(new Uint8Array(fresh.buffer));
    for (const token of fresh) padded.add(token);
  }
  return Int32Array.from(padded).sort();
}

/** At most 15 bytes: length ‖ utf8 ‖ zeros. Longer: FF ‖ SHA-256(term)[0:15). The hash never leaves the cipher. */
function writeTermBlock(block: Buffer, term: string): void {
  const length = Buffer.byteLength(term, 'utf8');
  if (length <= LONGEST_INLINE) {
    block[0] = length;
    block.write(term, 1, 'utf8');
    return;
  }
  block[0] = HASHED;
  createHash('sha256').update(term, 'utf8').digest().copy(block, 1, 0, LONGEST_INLINE);
}
