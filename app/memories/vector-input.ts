import { endianness } from 'node:os';
import { problem } from '../http/errors.js';

/** A client's vector, as numbers or as base64 of little-endian 32-bit floats, in the tenant's dimension. */
export const readVector = (input: readonly number[] | string, dimensions: number): Float32Array => {
  const vector = typeof input === 'string' ? decodeBase64(input) : Float32Array.from(input);
  if (vector.length !== dimensions) {
    const detail = `The vector has ${vector.length} dimensions, the tenant's model has ${dimensions}.`;
    throw problem('dimension_mismatch', detail, {
      errors: [{ pointer: '/vector', code: 'dimension_mismatch', detail }],
    });
  }
  let isZero = true;
  for (let index = 0; index < vector.length; index++) {
    const value = vector[index] as number;
    if (!Number.isFinite(value)) throw refuse('holds a value that is not a finite 32-bit number');
    if (value !== 0) isZero = false;
  }
  if (isZero) throw refuse('is all zeros and so has no direction');
  return vector;
};

const decodeBase64 = (text: string): Float32Array => {
  const bytes = takeMemory(Math.ceil(text.length / 4) * 3);
  const length = bytes.write(text, 'base64');
  if (!isWhole(text, bytes, length)) throw refuse('is not base64');
  if (length % 4 !== 0) throw refuse(`decodes to ${length} bytes, which is no multiple of four`);
  if (endianness() === 'BE') bytes.subarray(0, length).swap32();
  return new Float32Array(bytes.buffer, bytes.byteOffset, length / 4);
};

const PAGE_BYTES = 1 << 18;
let page = new ArrayBuffer(0);
let taken = 0;

/**
 * By the page, as Buffer's own pool does, but each piece begins where a number may begin. Memory of its own for every vector
 * of a batch keeps the garbage collector busier than everything else that is done with it.
 */
const takeMemory = (size: number): Buffer<ArrayBuffer> => {
  if (taken + size > page.byteLength) {
    page = new ArrayBuffer(Math.max(PAGE_BYTES, size));
    taken = 0;
  }
  const piece = Buffer.from(page, taken, size);
  taken = Math.min(page.byteLength, Math.ceil((taken + size) / 4) * 4);
  return piece;
};

/**
 * The decoder passes over what is no base64, takes the letters of base64url too, and stops at the padding: whatever it left
 * out is missing in the length. Only the last letters can say one thing in two ways; encoded again they show it.
 */
const isWhole = (text: string, bytes: Buffer, length: number): boolean => {
  const padding = text.indexOf('=');
  const letters = padding < 0 ? text.length : padding;
  if (letters % 4 === 1 || length !== Math.floor((letters * 3) / 4)) return false;
  // Of a character beyond Latin-1 it takes the half that it can read.
  if (Buffer.byteLength(text, 'utf8') !== text.length) return false;
  if (text.includes('-') || text.includes('_') || !/^=*$/.test(text.slice(letters))) return false;
  const tail = length - (length % 3);
  return bytes.toString('base64', tail, length).replace(/=+$/, '') === text.slice((tail / 3) * 4, letters);
};

const refuse = (what: string) =>
  problem('invalid_request', `The vector ${what}.`, {
    errors: [{ pointer: '/vector', code: 'vector', detail: `/vector ${what}` }],
  });
