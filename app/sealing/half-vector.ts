import { HEAD, hasForm, MOST, paddedLength } from './vector-form.js';

/**
 * A vector whose every number is one of half precision, in half the bytes: `0x02 ‖ 0 ‖ u16 count ‖ numbers, little-endian ‖
 * zeros`, of a length as `narrow-vector` has. So are those that the service makes itself; a client's come back as they were.
 */
const FORM = 0x02;
const LARGEST = 65_504;
/** Below it halves are equally far apart. */
const SMALLEST_NORMAL = 2 ** -14;
const STEPS_TO_ONE = 2 ** 24;

export const isHalved = (bytes: Uint8Array): boolean => hasForm(bytes, FORM);

/** The nearest numbers of half precision: off by a two-thousandth of each at most. What is too large for it stays. */
export const roundToHalf = (vector: Float32Array): Float32Array<ArrayBuffer> =>
  Float32Array.from(vector, (value) => (Math.abs(value) <= LARGEST ? fromHalf(toHalf(value)) : value));

/** `undefined` when that would lose anything. */
export const halveVector = (vector: Float32Array): Uint8Array<ArrayBuffer> | undefined => {
  if (vector.length > MOST || !vector.every(isHalf)) return undefined;
  const bytes = new Uint8Array(paddedLength(HEAD + 2 * vector.length));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, FORM);
  view.setUint16(2, vector.length);
  for (let index = 0; index < vector.length; index++)
    view.setUint16(HEAD + 2 * index, toHalf(vector[index] as number), true);
  return bytes.length < vector.byteLength ? bytes : undefined;
};

/** What `halveVector` made; `undefined` when it did not make this. */
export const unhalveVector = (bytes: Uint8Array): Float32Array<ArrayBuffer> | undefined => {
  if (bytes.length < HEAD) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint16(2);
  if (bytes.length !== paddedLength(HEAD + 2 * count)) return undefined;
  const vector = new Float32Array(count);
  for (let index = 0; index < count; index++) vector[index] = fromHalf(view.getUint16(HEAD + 2 * index, true));
  return vector;
};

const isHalf = (value: number): boolean => Math.abs(value) <= LARGEST && Object.is(fromHalf(toHalf(value)), value);

const toHalf = (value: number): number => {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size < SMALLEST_NORMAL) return sign | Math.round(size * STEPS_TO_ONE);
  number[0] = size;
  const bits = word[0] as number;
  // To the nearest, of two equally near ones to the even one.
  return sign | ((bits - 0x38000000 + 0xfff + ((bits >>> 13) & 1)) >>> 13);
};

const fromHalf = (half: number): number => {
  const sign = half & 0x8000 ? -1 : 1;
  const rest = half & 0x7fff;
  if (rest < 0x400) return sign * (rest / STEPS_TO_ONE);
  word[0] = (rest << 13) + 0x38000000;
  return sign * (number[0] as number);
};

const number = new Float32Array(1);
const word = new Uint32Array(number.buffer);
