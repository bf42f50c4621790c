import { createHmac } from 'node:crypto';
import { jcs } from '../../../app/sealing/jcs.js';
import { hashJcs } from '../../../app/sealing/jcs-hash.js';

const ofText = (value: unknown): string => createHmac('sha256', 'key').update(jcs(value), 'utf8').digest('hex');
const inPieces = (value: unknown): string => hashJcs(createHmac('sha256', 'key'), value).digest('hex');
const base64 = (bytes: number): string => Buffer.alloc(bytes, 'ab\xfe').toString('base64');

describe('the JCS of a value that is hashed in pieces', () => {
  it.each([
    ['null', null],
    ['a number', 1e21],
    ['a text with all that is escaped', '"\\\u0000\u001f\u2028é😀'],
    ['nothing', {}],
    ['empty members', { z: [], a: {}, m: '' }],
    ['members out of order', { b: 1, a: { d: [1, 'x', null, true], c: -0 }, 'é"': 2, A: 3 }],
    [
      'a body of vectors',
      { memories: Array.from({ length: 200 }, (_, n) => ({ vector: base64(1536 + n), content: `n ${n}` })) },
    ],
    ['many short texts', Array.from({ length: 20_000 }, (_, n) => `text ${n}`)],
    ['a text longer than a page', { content: 'é'.repeat(100_000), vector: base64(90_000) }],
  ])('is that of %s', (_, value) => {
    expect(inPieces(value)).toBe(ofText(value));
  });

  it.each(['"', '\\', '\n', '\u0001', 'é', 'Ł', '😀', ' ', '=', '=='])(
    'is that of a long text that would be base64 without %j, wherever it stands',
    (odd) => {
      for (const length of [600, 601, 602, 603]) {
        const text = 'A'.repeat(length);
        for (const at of [0, 1, 300, length - 1, length]) {
          const value = { vector: text.slice(0, at) + odd + text.slice(at) };
          expect(inPieces(value)).toBe(ofText(value));
        }
      }
    },
  );

  it('refuses what has no canonical form, as it is refused in one piece', () => {
    for (const value of [{ a: Number.NaN }, [undefined], { a: new Date() }, '\ud800', { a: 1n }])
      expect(() => inPieces(value)).toThrow('cannot be canonical JSON');
  });
});
