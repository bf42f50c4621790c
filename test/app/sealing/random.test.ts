import { randomInto } from '../../../app/sealing/random.js';

describe('random bytes by the page', () => {
  it('are never handed out twice, over many pages', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 2_000; i += 1) {
      const salt = Buffer.alloc(24);
      randomInto(salt);
      seen.add(salt.toString('hex'));
    }
    expect(seen.size).toBe(2_000);
    expect(seen.has('00'.repeat(24))).toBe(false);
  });

  it.each([1, 4095, 4096, 4097, 100_000])('fill %i bytes, all of them', (length) => {
    const bytes = Buffer.alloc(length);
    const everNotZero = Buffer.alloc(length);
    // A byte is zero by chance once in 256 times, so eight times in a row once in 10^19.
    for (let round = 0; round < 8; round += 1) {
      randomInto(bytes);
      bytes.forEach((byte, i) => {
        everNotZero[i] = (everNotZero[i] ?? 0) | byte;
      });
    }
    expect(everNotZero.includes(0)).toBe(false);
  });
});
