import { openVector, sealVector, vectorBytes } from '../../../app/sealing/vector.js';
import { readVectors, slotKeyOf, slotKeysOf } from '../../support/vectors.js';
import { SLOT_KEY, TENANT } from '../../vectors/inputs.js';

const place = { table: 'memory_vectors', rowId: TENANT, rowVersion: 1 };
const key = slotKeyOf(SLOT_KEY, TENANT);

describe('the durable copy of a vector', () => {
  it('comes back to the last bit', () => {
    const vector = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i) / 3);
    expect(openVector(slotKeysOf(key), place, sealVector(key, place, vector))).toEqual(vector);
    expect(openVector(slotKeysOf(key), place, sealVector(key, place, [...vector]))).toEqual(vector);
  });

  it('is float32, little-endian', () => {
    const vector = readVectors<{ name: string; plaintext: string }[]>('sealed').find(({ name }) => name === 'a vector');
    expect(Buffer.from(vectorBytes([1, -0.5, 0, 10])).toString('hex')).toBe(vector?.plaintext);
  });

  it('does not open as a row, nor a row as a vector', () => {
    const sealed = sealVector(key, { ...place, rowVersion: 2 }, [1]);
    expect(() => openVector(slotKeysOf(key), place, sealed)).toThrow(
      expect.objectContaining({ code: 'SealedValueRefused' }),
    );
  });
});
