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
  if (!vector.every(Number.isFinite)) throw refuse('holds a value that is not a finite 32-bit number');
  if (vector.every((value) => value === 0)) throw refuse('is all zeros and so has no direction');
  return vector;
};

const decodeBase64 = (text: string): Float32Array => {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0) throw refuse(`decodes to ${bytes.length} bytes, which is no multiple of four`);
  const vector = new Float32Array(bytes.length / 4);
  for (let index = 0; index < vector.length; index++) vector[index] = bytes.readFloatLE(index * 4);
  return vector;
};

const refuse = (what: string) =>
  problem('invalid_request', `The vector ${what}.`, {
    errors: [{ pointer: '/vector', code: 'vector', detail: `/vector ${what}` }],
  });
