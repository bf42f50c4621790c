import { endianness } from 'node:os';
import type { SlotKey, SlotKeys } from '../keys/slot.js';
import { malformed } from './errors.js';
import type { Place } from './place.js';
import { open, seal } from './sealed-value.js';

/** The durable copy of an embedding: float32, little-endian, sealed. Embeddings can be turned back into text. */
export const sealVector = (key: SlotKey, place: Place, vector: Float32Array | readonly number[]): Buffer =>
  seal(key, 'vector', place, vectorBytes(vector));

export function openVector(keys: SlotKeys, place: Place, sealed: Uint8Array): Float32Array {
  const plaintext = open(keys, 'vector', place, sealed);
  if (plaintext.length % 4 !== 0) throw malformed(`${plaintext.length} bytes are no float32 vector`);
  // A copy of its own: the decipher's buffer may lie at an odd offset of a shared pool.
  const bytes = new Uint8Array(plaintext);
  plaintext.fill(0);
  return new Float32Array(littleEndian(bytes).buffer);
}

/** On machines that keep numbers as the format does these are the vector's own bytes, to be read and not kept. */
export function vectorBytes(vector: Float32Array | readonly number[]): Uint8Array {
  if (vector instanceof Float32Array && !BIG_ENDIAN) {
    return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  }
  return littleEndian(new Uint8Array(Float32Array.from(vector).buffer));
}

const BIG_ENDIAN = endianness() === 'BE';

function littleEndian(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (BIG_ENDIAN) Buffer.from(bytes.buffer).swap32();
  return bytes;
}
