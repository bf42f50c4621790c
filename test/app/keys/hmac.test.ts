import { createHmac, createSecretKey } from 'node:crypto';
import { hmac512, hmacOfText } from '../../../app/keys/hmac.js';

const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => (at * 7 + length) % 256));
const keyOf = (raw: Uint8Array) => createSecretKey(raw);

describe('an HMAC made of its two hashes', () => {
  it('is that of RFC 4231: a short key, one of a whole block, and one that is hashed first', () => {
    const jefe = keyOf(Buffer.from('Jefe'));
    expect(hmacOfText(jefe, 'what do ya want for nothing?').toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    expect(hmac512(jefe, Buffer.from('what do ya want for nothing?')).toString('hex')).toBe(
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    );
    const long = keyOf(Buffer.alloc(131, 0xaa));
    expect(hmacOfText(long, 'Test Using Larger Than Block-Size Key - Hash Key First').toString('hex')).toBe(
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    );
  });

  it.each([0, 1, 55, 56, 63, 64, 65, 10_000, 40_000])('is what node says of %d characters', (length) => {
    const key = bytes(32);
    const text = 'é€😀\ud800 plain'.repeat(length).slice(0, length);
    expect(hmacOfText(keyOf(key), text)).toEqual(createHmac('sha256', key).update(text, 'utf8').digest());
    const message = bytes(length);
    expect(hmac512(keyOf(key), message)).toEqual(createHmac('sha512', key).update(message).digest());
  });

  it('takes nothing of one key or message into the next', () => {
    const [one, other] = [bytes(32), bytes(64)];
    const [first, second] = [keyOf(one), keyOf(other)];
    const ofNode = (raw: Buffer, text: string): Buffer => createHmac('sha256', raw).update(text).digest();
    for (const text of ['a long message '.repeat(50), 'short', '']) {
      expect(hmacOfText(first, text)).toEqual(ofNode(one, text));
      expect(hmacOfText(second, text)).toEqual(ofNode(other, text));
      expect(hmac512(first, Buffer.from(text))).toEqual(createHmac('sha512', one).update(text).digest());
    }
  });

  it('answers in memory of its own, which the next answer leaves alone', () => {
    const key = keyOf(bytes(32));
    const first = hmac512(key, bytes(10));
    const kept = Buffer.from(first);
    hmac512(key, bytes(11));
    expect(first).toEqual(kept);
  });
});
