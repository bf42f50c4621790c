import fc from 'fast-check';
import { readVector } from '../../../app/memories/vector-input.js';

const base64 = (values: readonly number[]): string => Buffer.from(new Float32Array(values).buffer).toString('base64');
const refusal = (input: readonly number[] | string, dimensions: number): string => {
  try {
    readVector(input, dimensions);
  } catch (cause) {
    return (cause as Error).message;
  }
  return 'accepted';
};

describe('a vector in base64', () => {
  it('is the same as the numbers it stands for, with padding and without, one after the other', () => {
    for (let dimensions = 1; dimensions <= 9; dimensions++) {
      const values = Array.from({ length: dimensions }, (_, at) => Math.fround(at * 0.3 - 1.1));
      const text = base64(values);
      expect([...readVector(text, dimensions)]).toEqual(values);
      expect([...readVector(text.replace(/=+$/, ''), dimensions)]).toEqual(values);
    }
  });

  it('is no view of the next one', () => {
    const first = readVector(base64([1, 2, 3]), 3);
    const second = readVector(base64([4, 5, 6]), 3);
    second[0] = 9;
    expect([...first]).toEqual([1, 2, 3]);
  });

  it.each([
    ['a character of another alphabet', `-${base64([1, 2, 3]).slice(1)}`],
    ['a space', ` ${base64([1, 2, 3]).slice(1)}`],
    ['padding in the middle', `${base64([1]).slice(0, 6)}==${base64([1])}`],
    ['bits that no byte has', `${base64([1]).slice(0, 5)}/==`],
  ])('is refused with %s', (_, text) => {
    expect(refusal(text, 3)).toMatch(/is not base64|is no multiple|dimensions/);
  });

  it('is accepted exactly where it encodes to itself, whatever stands in the place of a letter', () => {
    const odd = fc.constantFrom('-', '_', '=', '==', '===', ' ', '\n', 'A', '/', 'é', '\u0141', '😀', '\ud83d', '');
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 7 }),
        ...([odd, odd, fc.nat(40), fc.nat(40), fc.boolean()] as const),
        (values, one, other, first, second, padded) => {
          const plain = base64([1, ...values]);
          const text = padded ? plain : plain.replace(/=+$/, '');
          const changed = [...text].map((letter, at) => (at === first ? one : at === second ? other : letter)).join('');
          const bytes = Buffer.from(changed, 'base64');
          const isBase64 = bytes.toString('base64').replace(/=+$/, '') === changed.replace(/=+$/, '');
          expect([changed, /is not base64/.test(refusal(changed, 1 + values.length))]).toEqual([changed, !isBase64]);
        },
      ),
      { numRuns: 3000, seed: 20261121 },
    );
  });

  it('is refused when it holds no number, or no direction', () => {
    expect(refusal(base64([1, Number.NaN]), 2)).toMatch(/not a finite/);
    expect(refusal(base64([1, Number.POSITIVE_INFINITY]), 2)).toMatch(/not a finite/);
    expect(refusal([1, 1e300], 2)).toMatch(/not a finite/);
    expect(refusal(base64([0, 0]), 2)).toMatch(/no direction/);
    expect(refusal(base64([1, 2]), 3)).toMatch(/2 dimensions/);
  });
});
