import { isNarrow, narrowVector, widenVector } from '../../../app/sealing/narrow-vector.js';

const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i * i + 1) / 9);
const bitsOf = (vector: Float32Array | undefined): readonly number[] =>
  vector ? [...new Uint32Array(vector.buffer, vector.byteOffset, vector.length)] : [];

const there = (vector: Float32Array): Uint8Array => {
  const bytes = narrowVector(vector);
  if (!bytes) throw new Error('it was not made narrower');
  return bytes;
};

describe('a vector in fewer bytes', () => {
  it.each([64, 100, 383, 384, 385, 512, 1536, 3072])(
    'of %i numbers comes back to the last bit, an eighth shorter',
    (length) => {
      const vector = wave(length);
      const bytes = there(vector);
      expect(bitsOf(widenVector(bytes))).toEqual(bitsOf(vector));
      expect(bytes.length).toBeLessThan(3.5 * length + 48);
      expect(isNarrow(bytes)).toBe(true);
    },
  );

  it('keeps zeros of both signs, the smallest, the largest and what is no number', () => {
    const odd = [0, -0, 1e-45, -1e-45, 3.4e38, -3.4e38, Infinity, -Infinity, Number.NaN, 1.1754944e-38];
    const vector = Float32Array.from({ length: 384 }, (_, i) => odd[i - 100] ?? Math.cos(i) / 20);
    const few = Float32Array.from({ length: 384 }, (_, i) => (i < 4 ? (odd[i] ?? 0) : Math.cos(i) / 20));
    for (const one of [few, vector]) {
      const bytes = narrowVector(one);
      if (bytes) expect(bitsOf(widenVector(bytes))).toEqual(bitsOf(one));
    }
    expect(narrowVector(few)).toBeDefined();
  });

  it('reads a vector that lies in the middle of something larger', () => {
    const vector = new Float32Array([1, 2, ...wave(384)]).subarray(2);
    const bytes = there(vector);
    const inside = Buffer.concat([Buffer.from('odd'), bytes]).subarray(3);
    expect(bitsOf(widenVector(inside))).toEqual(bitsOf(vector));
  });

  it('is left as it is when that is no longer: of few numbers, or of many zeros', () => {
    expect(narrowVector(wave(8))).toBeUndefined();
    expect(narrowVector(Float32Array.from({ length: 384 }, (_, i) => (i % 9 === 0 ? 0.3 : 0)))).toBeUndefined();
  });

  it('has one length whether or not a few numbers are tiny', () => {
    const tiny = wave(384);
    tiny[7] = 1e-12;
    tiny[99] = 0;
    expect(there(tiny)).toHaveLength(there(wave(384)).length);
  });

  it('is refused when a byte is missing or too many are there', () => {
    const bytes = there(wave(384));
    expect(widenVector(bytes.subarray(0, bytes.length - 16))).toBeUndefined();
    expect(widenVector(Uint8Array.from([...bytes, ...new Uint8Array(16)]))).toBeUndefined();
    expect(widenVector(Uint8Array.of(1, 2))).toBeUndefined();
  });
});
