import { halveVector, isHalved, roundToHalf, unhalveVector } from '../../../app/sealing/half-vector.js';
import { openVector, sealVector } from '../../../app/sealing/vector.js';
import { slotKeyOf, slotKeysOf } from '../../support/vectors.js';
import { SLOT_KEY, TENANT } from '../../vectors/inputs.js';

const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i * i + 1) / 9);
const bitsOf = (vector: Float32Array | undefined): readonly number[] =>
  vector ? [...new Uint32Array(vector.buffer, vector.byteOffset, vector.length)] : [];
const halfOf = (bits: number): number => {
  const [sign, exponent, rest] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  return exponent === 0 ? sign * 2 ** -14 * (rest / 1024) : sign * 2 ** (exponent - 15) * (1 + rest / 1024);
};

describe('a vector in half precision', () => {
  it('keeps every number that there is of it', () => {
    const all = Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
    for (let at = 0; at < all.length; at += 1024) {
      const vector = Float32Array.from(all.slice(at, at + 1024), halfOf);
      const bytes = halveVector(vector);
      expect(bytes).toHaveLength(2065);
      expect(bitsOf(unhalveVector(bytes ?? new Uint8Array()))).toEqual(bitsOf(vector));
    }
  });

  it('rounds to the nearest, and is off by a two-thousandth at most', () => {
    const [vector, rounded] = [wave(512), roundToHalf(wave(512))];
    const worst = Math.max(...rounded.map((value, i) => Math.abs(value / (vector[i] as number) - 1)));
    expect(worst).toBeLessThanOrEqual(2 ** -11);
    expect(bitsOf(roundToHalf(rounded))).toEqual(bitsOf(rounded));
    expect([...roundToHalf(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, -(2 ** -26), 1e9, Number.NaN))]).toEqual([
      1,
      1 + 2 ** -9,
      -0,
      1e9,
      Number.NaN,
    ]);
  });

  it('is not what a vector is kept in that has another number', () => {
    for (const odd of [1 / 3, Infinity, Number.NaN, 1e6, 1e-9]) {
      const vector = roundToHalf(wave(64));
      vector[40] = odd;
      expect(halveVector(vector)).toBeUndefined();
    }
  });

  it('is sealed in half the bytes of what comes back to the last bit, and refused when a byte is missing', () => {
    const key = slotKeyOf(SLOT_KEY, TENANT);
    const place = { table: 'vectors', rowId: TENANT, rowVersion: 1 };
    const rounded = roundToHalf(wave(512));
    const sealed = sealVector(key, place, rounded);
    expect(sealed).toHaveLength(1041 + 66);
    expect(bitsOf(openVector(slotKeysOf(key), place, sealed))).toEqual(bitsOf(rounded));
    const bytes = halveVector(rounded) ?? new Uint8Array();
    expect(isHalved(bytes)).toBe(true);
    expect(unhalveVector(bytes.subarray(0, bytes.length - 16))).toBeUndefined();
    expect(unhalveVector(Uint8Array.of(2))).toBeUndefined();
  });
});
