import { createHash, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import {
  apiKeyHash,
  type ContentUse,
  contentHash,
  cursorKey,
  pseudonym,
  rowMac,
  verifyRowMac,
} from '../../../app/sealing/macs.js';
import { readVectors, slotKeyOf } from '../../support/vectors.js';
import { AUTH_KEY, SLOT_KEY, TENANT } from '../../vectors/inputs.js';

interface Hashes {
  readonly cursorKey: string;
  readonly apiKeys: readonly { readonly apiKey: string; readonly hash: string }[];
  readonly contents: readonly { readonly use: ContentUse; readonly content: string; readonly hash: string }[];
}

const auth = slotKeyOf(AUTH_KEY, TENANT, 1);
const hashes = readVectors<Hashes>('hashes');
const hex = (key: KeyObject): string => key.export().toString('hex');

describe('keyed hashes agree with the published vectors', () => {
  it.each(readVectors<{ slotKey: string; tenantId: string; pseudonym: string }[]>('pseudonym'))(
    'pseudonym in $tenantId',
    (vector) => {
      expect(pseudonym(slotKeyOf(vector.slotKey, vector.tenantId))).toBe(vector.pseudonym);
    },
  );

  it.each(readVectors<{ table: string; row: Record<string, unknown>; mac: string }[]>('rowmac'))(
    'row MAC of $table',
    ({ table, row, mac }) => {
      expect(rowMac(auth, table, row).toString('hex')).toBe(mac);
      expect(verifyRowMac(auth, table, row, Buffer.from(mac, 'hex'))).toBe(true);
    },
  );

  it('API keys, content and the cursor key', () => {
    expect(hex(cursorKey(auth))).toBe(hashes.cursorKey);
    for (const { apiKey, hash } of hashes.apiKeys) expect(apiKeyHash(auth, apiKey).toString('hex')).toBe(hash);
    for (const { use, content, hash } of hashes.contents) {
      expect(contentHash(auth, use, content).toString('hex')).toBe(hash);
    }
  });
});

describe('a row MAC', () => {
  const row = { id: '1', role: 'user', user_id: null, active: true };
  const mac = rowMac(auth, 'api_keys', row);

  it.each<[string, string, Record<string, unknown>]>([
    ['a raised role', 'api_keys', { ...row, role: 'admin' }],
    ['a dropped column', 'api_keys', { id: '1', role: 'user', user_id: null }],
    ['an added column', 'api_keys', { ...row, more: 1 }],
    ['another table', 'roles', row],
    ['null for a text', 'api_keys', { ...row, user_id: 'null' }],
  ])('does not hold for %s', (_, table, changed) => {
    expect(verifyRowMac(auth, table, changed, mac)).toBe(false);
  });

  it('does not hold cut short, or under the key of another slot', () => {
    expect(verifyRowMac(auth, 'api_keys', row, mac.subarray(0, 16))).toBe(false);
    expect(verifyRowMac(slotKeyOf(SLOT_KEY, TENANT, 1), 'api_keys', row, mac)).toBe(false);
  });

  it('is independent of the order of columns and of the stored mac', () => {
    expect(verifyRowMac(auth, 'api_keys', { mac, active: true, user_id: null, role: 'user', id: '1' }, mac)).toBe(true);
  });

  it('is made under slot 1 only', () => {
    expect(() => rowMac(slotKeyOf(AUTH_KEY, TENANT, 16), 't', row)).toThrow(/pass the key of slot 1/);
  });
});

it('no two purposes and no two uses of content give the same bytes', () => {
  const all = [
    apiKeyHash(auth, 'x'),
    contentHash(auth, 'dedupe', 'x'),
    contentHash(auth, 'cache', 'x'),
    contentHash(auth, 'idempotency', 'x'),
    rowMac(auth, 'x', {}),
    cursorKey(auth).export(),
  ].map((bytes) => bytes.toString('hex'));
  expect(new Set(all).size).toBe(all.length);
});

it('content is never hashed without a key: no plain hash of it appears, whatever it is', () => {
  fc.assert(
    fc.property(fc.string(), (content) => {
      const keyed = (['dedupe', 'cache', 'idempotency'] as const).map((use) => contentHash(auth, use, content));
      const stored = Buffer.concat([...keyed, apiKeyHash(auth, content)]);
      for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
        expect(stored.includes(createHash(algorithm).update(content).digest().subarray(0, 8))).toBe(false);
      }
    }),
    { seed: 20261121 },
  );
});
