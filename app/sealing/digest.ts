import { type Hmac, hash } from 'node:crypto';

/**
 * Digests out of Node's pool. A digest as a buffer comes with memory of its own, which costs three times the hashing of a
 * small input, and the garbage collector as much again; as a string of bytes it does not.
 */
export const sha256Of = (bytes: Uint8Array): Buffer => Buffer.from(hash('sha256', bytes, 'binary'), 'binary');

export const digestOf = (hmac: Hmac): Buffer => Buffer.from(hmac.digest('binary'), 'binary');

/** Into memory that is there. */
export const sha256Into = (target: Buffer, at: number, bytes: Uint8Array): void => {
  target.write(hash('sha256', bytes, 'binary'), at, 32, 'binary');
};
