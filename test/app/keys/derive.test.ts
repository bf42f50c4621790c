import { createSecretKey } from 'node:crypto';
import { derive, deriveKey, LABELS, purposeKey } from '../../../app/keys/derive.js';
import { fromHex, kdf, toHex } from '../../vectors/independent.js';
import { SLOT_KEY } from '../../vectors/inputs.js';

const key = createSecretKey(SLOT_KEY, 'hex');

describe('derivation', () => {
  it.each(Object.values(LABELS))('agrees with the independent implementation under %s', async (label) => {
    const context = Buffer.from('0102030405', 'hex');
    expect(derive(key, label).toString('hex')).toBe(toHex(await kdf(fromHex(SLOT_KEY), label)));
    expect(derive(key, label, context).toString('hex')).toBe(
      toHex(await kdf(fromHex(SLOT_KEY), label, fromHex('0102030405'))),
    );
  });

  it('gives every label a key of its own', () => {
    const keys = Object.values(LABELS).map((label) => deriveKey(key, label).export().toString('hex'));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not confuse a longer label with a context', () => {
    expect(derive(key, 'a', Buffer.from('b'))).not.toEqual(derive(key, 'ab'));
  });

  it('remembers a purpose key per slot key', () => {
    expect(purposeKey(key, LABELS.index)).toBe(purposeKey(key, LABELS.index));
    expect(purposeKey(key, LABELS.index)).not.toBe(purposeKey(key, LABELS.cursor));
  });
});
