import { endianness } from 'node:os';
import type { SlotKey, SlotKeys } from '../keys/slot.js';
import { malformed } from './errors.js';
import { halveVector, isHalved, unhalveVector } from './half-vector.js';
import { isNarrow, narrowVector, widenVector } from './narrow-vector.js';
import type { Place } from './place.js';
import { open, seal } from './sealed-value.js';

/** The durable copy of an embedding, to the last bit, sealed: embeddings can be turned back into text. */
export const sealVector = (key: SlotKey, place: Place, vector: Float32Array | readonly number[]): Buffer =>
  seal(key, 'vector', place, storedBytes(vector instanceof Float32Array ? vector : Float32Array.from(vector)));

export function openVector(keys: SlotKeys, place: Place, sealed: Uint8Array): Float32Array {
  const plaintext = open(keys, 'vector', place, sealed);
  const vector = read(plaintext);
  const { length } = plaintext;
  plaintext.fill(0);
  if (!vector) throw malformed(`${length} bytes are no float32 vector`);
  return vector;
}

/** The shortest form that keeps every bit. */
const storedBytes = (vector: Float32Array): Uint8Array =>
  halveVector(vector) ?? narrowVector(vector) ?? vectorBytes(vector);

const read = (plaintext: Uint8Array): Float32Array | undefined => {
  if (isNarrow(plaintext)) return widenVector(plaintext);
  return isHalved(plaintext) ? unhalveVector(plaintext) : readFloats(plaintext);
};

/** A copy of its own: the decipher's buffer may lie at an odd offset of a shared pool. */
const readFloats = (plaintext: Uint8Array): Float32Array | undefined =>
  plaintext.length % 4 === 0 ? new Float32Array(littleEndian(new Uint8Array(plaintext)).buffer) : undefined;

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
