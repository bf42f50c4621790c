import { createHmac, hash, type KeyObject } from 'node:crypto';

/**
 * HMAC (RFC 2104) as the two hashes that it is. Of a short message node's own object costs twice the hashing, and the garbage
 * collector as much again: a row that is sealed needs four. What the key adds to both hashes is made once for it, and filled
 * with zeros when the key is collected.
 */
type Algorithm = 'sha256' | 'sha512';

const SIZES = { sha256: { block: 64, digest: 32 }, sha512: { block: 128, digest: 64 } } as const;
const INNER = 0x36;
const OUTER = 0x5c;

interface Pads {
  readonly inner: Buffer;
  /** With room for the inner digest behind it. */
  readonly outer: Buffer;
}

/** A longer message costs more than the object. */
const LONGEST = 32 * 1024;
/** What is hashed stands here one after the other, behind the pad of its key. */
const scratch = Buffer.alloc(SIZES.sha512.block + LONGEST);
const MOST_BYTES_A_CHARACTER = 3;

const forgotten = new FinalizationRegistry<Pads>(({ inner, outer }) => {
  inner.fill(0);
  outer.fill(0);
});

const padsOf = { sha256: new WeakMap<KeyObject, Pads>(), sha512: new WeakMap<KeyObject, Pads>() } as const;

/** HMAC-SHA-256 of a text, for what may be stored: it was a string for a moment, which nobody can fill with zeros. */
export const hmacOfText = (key: KeyObject, text: string): Buffer => {
  if (text.length * MOST_BYTES_A_CHARACTER > LONGEST) return createHmac('sha256', key).update(text, 'utf8').digest();
  const pads = findPads('sha256', key);
  const { block } = SIZES.sha256;
  const outer = innerInto('sha256', pads, scratch.write(text, block, 'utf8'));
  // Out of node's pool: a digest as a buffer comes with memory of its own.
  return Buffer.from(hash('sha256', outer, 'binary'), 'binary');
};

/** HMAC-SHA-512 of a short message, in memory of its own that can be filled with zeros. */
export const hmac512 = (key: KeyObject, message: Uint8Array): Buffer => {
  if (message.length > LONGEST) return createHmac('sha512', key).update(message).digest();
  const pads = findPads('sha512', key);
  scratch.set(message, SIZES.sha512.block);
  return hash('sha512', innerInto('sha512', pads, message.length), 'buffer');
};

/** The message lies in `scratch` behind the place of the pad. Answers with what the outer hash is of. */
const innerInto = (algorithm: Algorithm, { inner, outer }: Pads, length: number): Buffer => {
  const { block, digest } = SIZES[algorithm];
  scratch.set(inner);
  outer.write(hash(algorithm, scratch.subarray(0, block + length), 'binary'), block, digest, 'binary');
  scratch.fill(0, 0, block);
  return outer;
};

const findPads = (algorithm: Algorithm, key: KeyObject): Pads => {
  const known = padsOf[algorithm].get(key);
  if (known) return known;
  const pads = buildPads(algorithm, key);
  padsOf[algorithm].set(key, pads);
  forgotten.register(key, pads);
  return pads;
};

const buildPads = (algorithm: Algorithm, key: KeyObject): Pads => {
  const { block, digest } = SIZES[algorithm];
  const whole = key.export();
  const secret = whole.length > block ? hash(algorithm, whole, 'buffer') : whole;
  const [inner, outer] = [Buffer.alloc(block, INNER), Buffer.alloc(block + digest, OUTER)];
  for (const [at, byte] of secret.entries()) {
    inner[at] = byte ^ INNER;
    outer[at] = byte ^ OUTER;
  }
  whole.fill(0);
  secret.fill(0);
  return { inner, outer };
};
