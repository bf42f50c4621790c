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
export const termTokens = (key: SlotKey, terms: Iterable<string>): Int32Array =>
  Int32Array.from(distinctTokens(encryptTerms(key, [...terms]))).sort();

/** Of many rows of one slot, each row's terms distinct: their tokens to store. One pass over the blocks of all. */
export const storedTokens = (key: SlotKey, rows: readonly ReadonlySet<string>[]): readonly (readonly number[])[] => {
  const terms: string[] = [];
  for (const row of rows) for (const term of row) terms.push(term);
  const encrypted = encryptTerms(key, terms);
  let from = 0;
  return rows.map(({ size }) => {
    const own = distinctTokens(encrypted, from, from + size * BLOCK);
    from += size * BLOCK;
    return pad(own);
  });
};

function encryptTerms(key: SlotKey, terms: readonly string[]): Buffer {
  const blocks = Buffer.alloc(terms.length * BLOCK);
  for (let i = 0; i < terms.length; i += 1) writeTermBlock(blocks, i * BLOCK, terms[i] ?? '');
  return blockCipher(key).update(blocks);
}

/** A row has few: looking through them costs less than a set. */
const FEW = 64;

function distinctTokens(encrypted: Buffer, from = 0, to = encrypted.length): number[] {
  const tokens: number[] = [];
  for (let at = from; at < to; at += BLOCK) {
    const token = encrypted.readInt32BE(at);
    if (tokens.length >= FEW || !tokens.includes(token)) tokens.push(token);
  }
  return tokens.length < FEW ? tokens : [...new Set(tokens)];
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
export const padTokens = (tokens: Int32Array): Int32Array => Int32Array.from(pad([...tokens]));

/** In place. */
function pad(tokens: number[]): readonly number[] {
  const size = STEPS.find((step) => tokens.length <= step) ?? Math.ceil(tokens.length / LARGEST_STEP) * LARGEST_STEP;
  const known = size > FEW ? new Set(tokens) : undefined;
  while (tokens.length < size) {
    const token = randomToken();
    if (known ? known.has(token) : tokens.includes(token)) continue;
    known?.add(token);
    tokens.push(token);
  }
  return size > FEW ? tokens.sort((a, b) => a - b) : sortFew(tokens);
}

/** In place. */
function sortFew(tokens: number[]): readonly number[] {
  for (let i = 1; i < tokens.length; i += 1) {
    const token = tokens[i] ?? 0;
    let at = i;
    for (; at > 0 && (tokens[at - 1] ?? 0) > token; at -= 1) tokens[at] = tokens[at - 1] ?? 0;
    tokens[at] = token;
  }
  return tokens;
}

const random = Buffer.alloc(4);
function randomToken(): number {
  randomInto(random);
  return random.readInt32BE(0);
}

/** At most 15 bytes: length ‖ utf8 ‖ zeros. Longer: FF ‖ SHA-256(term)[0:15). The hash never leaves the cipher. */
function writeTermBlock(blocks: Buffer, at: number, term: string): void {
  if (term.length <= LONGEST_INLINE && writeAscii(blocks, at + 1, term)) {
    blocks[at] = term.length;
    return;
  }
  const length = Buffer.byteLength(term, 'utf8');
  if (length <= LONGEST_INLINE) {
    blocks[at] = length;
    blocks.write(term, at + 1, 'utf8');
    return;
  }
  blocks[at] = HASHED;
  createHash('sha256')
    .update(term, 'utf8')
    .digest()
    .copy(blocks, at + 1, 0, LONGEST_INLINE);
}

/** False where a character is none; whatever was written then is overwritten. */
function writeAscii(bytes: Buffer, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return false;
    bytes[at + i] = code;
  }
  return true;
}
