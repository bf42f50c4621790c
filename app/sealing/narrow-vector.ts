import { HEAD, hasForm, MOST, paddedLength } from './vector-form.js';

/**
 * A vector of float32 in an eighth less, to the last bit. The numbers of an embedding are of like size, so that half a byte
 * says each one's exponent:
 *
 *     0x01 ‖ base ‖ u16 count ‖ for each 8 numbers 28 bytes ‖ exponents that are no steps, a byte each ‖ zeros
 *
 * The 28 bytes are of each number its mantissa and sign (3 bytes, little-endian, the sign the highest bit), then of each its
 * step: half a byte, low half first, how far the exponent lies below `base`, the largest; 15: it is among those behind. Zeros
 * fill up the last eight. Lengths are one more than a multiple of 16, so that they neither show a few tiny numbers nor are
 * those of plain float32.
 */
const FORM = 0x01;
const EIGHT = 8;
const GROUP = 28;
const NO_STEP = 15;
const EXPONENT_AT = 23;

export const isNarrow = (bytes: Uint8Array): boolean => hasForm(bytes, FORM);

/** `undefined` where it would save nothing: of few numbers, or of many that are zero or far apart. */
export const narrowVector = (vector: Float32Array): Uint8Array<ArrayBuffer> | undefined => {
  const count = vector.length;
  if (count > MOST) return undefined;
  const bits = paddedBits(vector);
  const base = largestExponent(bits);
  const restAt = HEAD + (bits.length / EIGHT) * GROUP;
  const bytes = new Uint8Array(paddedLength(restAt));
  const view = new DataView(bytes.buffer);
  const far: number[] = [];
  for (let at = 0, to = HEAD; at < bits.length; at += EIGHT, to += GROUP) {
    narrowFour(bits, at, view, to);
    narrowFour(bits, at + 4, view, to + 12);
    view.setUint32(to + 24, stepsOf(bits, at, base, far), true);
  }
  bytes[0] = FORM;
  bytes[1] = base;
  bytes[2] = count >> 8;
  bytes[3] = count;
  const length = paddedLength(restAt + far.length);
  if (length >= vector.byteLength) return undefined;
  if (far.length === 0) return bytes;
  const longer = new Uint8Array(length);
  longer.set(bytes);
  longer.set(far, restAt);
  return longer;
};

const stepsOf = (bits: Uint32Array, at: number, base: number, far: number[]): number => {
  let steps = 0;
  for (let index = 0; index < EIGHT; index++) {
    const exponent = ((bits[at + index] as number) >>> EXPONENT_AT) & 0xff;
    const step = base - exponent;
    if (step >= NO_STEP) far.push(exponent);
    steps |= (step < NO_STEP ? step : NO_STEP) << (4 * index);
  }
  return steps;
};

/** Four times 24 bits are three words. */
const narrowFour = (bits: Uint32Array, at: number, view: DataView, to: number): void => {
  const a = fraction(bits[at] as number);
  const b = fraction(bits[at + 1] as number);
  const c = fraction(bits[at + 2] as number);
  const d = fraction(bits[at + 3] as number);
  view.setUint32(to, a | (b << 24), true);
  view.setUint32(to + 4, (b >>> 8) | (c << 16), true);
  view.setUint32(to + 8, (c >>> 16) | (d << 8), true);
};

const fraction = (number: number): number => (number & 0x7fffff) | ((number >>> 8) & 0x800000);

/** What `narrowVector` made; `undefined` when it did not make this. */
export const widenVector = (bytes: Uint8Array): Float32Array<ArrayBuffer> | undefined => {
  const [, base = 0, high = 0, low = 0] = bytes;
  const count = (high << 8) | low;
  const groups = Math.ceil(count / EIGHT);
  let rest = HEAD + groups * GROUP;
  if (bytes.length < paddedLength(rest)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const bits = new Uint32Array(groups * EIGHT);
  for (let at = HEAD, to = 0; to < bits.length; at += GROUP, to += EIGHT) {
    widenFour(view, at, bits, to);
    widenFour(view, at + 12, bits, to + 4);
    const steps = view.getUint32(at + 24, true);
    for (let index = 0; index < EIGHT; index++) {
      const step = (steps >>> (4 * index)) & NO_STEP;
      const exponent = step === NO_STEP ? (bytes[rest++] ?? 0) : (base - step) & 0xff;
      bits[to + index] = (bits[to + index] as number) | (exponent << EXPONENT_AT);
    }
  }
  return paddedLength(rest) === bytes.length ? new Float32Array(bits.buffer, 0, count) : undefined;
};

const widenFour = (view: DataView, at: number, bits: Uint32Array, to: number): void => {
  const x = view.getUint32(at, true);
  const y = view.getUint32(at + 4, true);
  const z = view.getUint32(at + 8, true);
  bits[to] = placed(x);
  bits[to + 1] = placed((x >>> 24) | (y << 8));
  bits[to + 2] = placed((y >>> 16) | (z << 16));
  bits[to + 3] = placed(z >>> 8);
};

/** Of 24 bits the mantissa and the sign, where a float32 has them. */
const placed = (number: number): number => (number & 0x7fffff) | ((number & 0x800000) << 8);

const paddedBits = (vector: Float32Array): Uint32Array => {
  const bits = new Uint32Array(vector.buffer, vector.byteOffset, vector.length);
  if (vector.length % EIGHT === 0) return bits;
  const padded = new Uint32Array(Math.ceil(vector.length / EIGHT) * EIGHT);
  padded.set(bits);
  return padded;
};

/** The bits of the larger number without its sign are the larger ones. */
const largestExponent = (bits: Uint32Array): number => {
  let largest = 0;
  for (let at = 0; at < bits.length; at++) {
    const number = (bits[at] as number) & 0x7fffffff;
    if (number > largest) largest = number;
  }
  return largest >>> EXPONENT_AT;
};
