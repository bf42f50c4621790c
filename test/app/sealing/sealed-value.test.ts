import { createCipheriv } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deriveMessageKey, LABELS } from '../../../app/keys/derive.js';
import { SealError } from '../../../app/sealing/errors.js';
import { buildPlaceBytes, type Place } from '../../../app/sealing/place.js';
import { open, openAt, PURPOSES, type Purpose, seal, sealAt, sealedHeader } from '../../../app/sealing/sealed-value.js';
import { readVectors, slotKeyOf, slotKeysOf } from '../../support/vectors.js';
import { AUTH_KEY, OTHER_TENANT, type SEALED, SLOT_KEY, TENANT } from '../../vectors/inputs.js';

type Vector = (typeof SEALED)[number] & { readonly sealed: string };

const ROW = '018f3b5e-7c1a-7d2e-9f30-4a5b6c7d8e9f';
const place: Place = { table: 'memories', rowId: ROW, rowVersion: 3 };
const key = slotKeyOf(SLOT_KEY, TENANT);
const keys = slotKeysOf(key);
const text = Buffer.from('Alice prefers tea');

const purposeOf = (code: number): Purpose => {
  const found = Object.entries(PURPOSES).find(([, one]) => one === code);
  if (found === undefined) throw new Error(`no purpose ${code}`);
  return found[0] as Purpose;
};

describe('a sealed value has the published layout', () => {
  it.each(readVectors<Vector[]>('sealed'))('$name', (vector) => {
    const own = slotKeyOf(vector.slotKey, vector.tenantId, vector.slot, vector.generation);
    const purpose = purposeOf(vector.purpose);
    const plaintext = Buffer.from(vector.plaintext, 'hex');
    const sealed = seal(own, purpose, vector, plaintext, Buffer.from(vector.salt, 'hex'));
    expect(sealed.toString('hex')).toBe(vector.sealed);
    expect(sealedHeader(sealed)).toEqual({ purpose, slot: vector.slot, generation: vector.generation });
    expect(open(slotKeysOf(own), purpose, vector, sealed)).toEqual(plaintext);
  });

  it('is 66 bytes more than the plaintext, and never the same twice', () => {
    const one = seal(key, 'row', place, text);
    expect(one).toHaveLength(text.length + 66);
    expect(seal(key, 'row', place, text).equals(one)).toBe(false);
  });

  it('opens from a view into a larger buffer, as a database driver hands it over', () => {
    const sealed = seal(key, 'row', place, text);
    const page = Buffer.concat([Buffer.alloc(7, 1), sealed, Buffer.alloc(9, 2)]);
    const view = new Uint8Array(page.buffer, page.byteOffset + 7, sealed.length);
    expect(open(keys, 'row', place, view)).toEqual(text);
  });
});

describe('a sealed value opens nowhere else', () => {
  const sealed = seal(key, 'row', place, text);

  it.each<[string, () => unknown]>([
    ['another row', () => open(keys, 'row', { ...place, rowId: TENANT }, sealed)],
    ['another table', () => open(keys, 'row', { ...place, table: 'memory_history' }, sealed)],
    ['an older version', () => open(keys, 'row', { ...place, rowVersion: 2 }, sealed)],
    [
      'another tenant with the same key',
      () => open(slotKeysOf(slotKeyOf(SLOT_KEY, OTHER_TENANT)), 'row', place, sealed),
    ],
    ['another purpose', () => open(keys, 'vector', place, sealed)],
    ['a row of another slot', () => open(keys, 'row', { ...place, slot: 17 }, sealed)],
    ['another key', () => open(slotKeysOf(slotKeyOf(AUTH_KEY, TENANT)), 'row', place, sealed)],
  ])('%s', (_, opening) => {
    expect(opening).toThrow(expect.objectContaining({ code: 'SealedValueRefused' }));
  });

  it.each([
    ['slot', 7, slotKeyOf(SLOT_KEY, TENANT, 16 ^ 1)],
    ['generation', 9, slotKeyOf(SLOT_KEY, TENANT, 16, 1 ^ 1)],
    ['purpose', 1, key],
  ])('relabelled with another %s, even when the same key answers', (_, at, answering) => {
    const relabelled = Buffer.from(sealed);
    relabelled.writeUInt8(relabelled.readUInt8(at) ^ (at === 1 ? 3 : 1), at);
    const { purpose } = sealedHeader(relabelled);
    expect(() => open(slotKeysOf(answering), purpose, place, relabelled)).toThrow(
      expect.objectContaining({ code: 'SealedValueRefused' }),
    );
  });

  it('changed by a single bit, wherever it is', () => {
    const opened: number[] = [];
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      try {
        open({ slotKey: (slot, generation) => ({ ...key, slot, generation: generation ?? 1 }) }, 'row', place, changed);
        opened.push(bit);
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
      }
    }
    expect(opened).toEqual([]);
  });

  it('with a commitment to another key, even when tag and key fit: one text must not open under two keys', () => {
    const header = Buffer.from(sealed.subarray(0, 50));
    header.writeUInt8(header.readUInt8(40) ^ 1, 40);
    const context = Buffer.concat([header.subarray(1, 2), header.subarray(10, 34)]);
    const message = deriveMessageKey(key.key, LABELS.seal, context);
    const cipher = createCipheriv('aes-256-gcm', message.key, message.iv, { authTagLength: 16 });
    cipher.setAAD(Buffer.concat([header, buildPlaceBytes(TENANT, place)]));
    const forged = Buffer.concat([header, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
    expect(() => open(keys, 'row', place, forged)).toThrow(expect.objectContaining({ code: 'SealedValueRefused' }));
  });

  it.each([4, 8, 12])('with its tag cut to %i bytes', (left) => {
    const cut = sealed.subarray(0, sealed.length - 16 + left);
    expect(() => open(keys, 'row', place, cut)).toThrow(SealError);
    // An empty plaintext leaves no ciphertext that could be taken for the rest of the tag.
    const empty = seal(key, 'row', place, Buffer.alloc(0));
    expect(() => open(keys, 'row', place, empty.subarray(0, 50 + left))).toThrow(
      expect.objectContaining({ code: 'SealedValueMalformed' }),
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a later version', Buffer.concat([Buffer.from([2]), sealed.subarray(1)])],
    ['an unknown purpose', Buffer.concat([Buffer.from([1, 9]), sealed.subarray(2)])],
    ['text', Buffer.from('Alice prefers tea in the morning, and in the afternoon, and at night')],
  ])('%s is no sealed value', (_, bytes) => {
    expect(() => open(keys, 'row', place, bytes)).toThrow(expect.objectContaining({ code: 'SealedValueMalformed' }));
  });

  it.each([
    [{ ...place, rowId: 'not-a-uuid' }, 'rowId'],
    [{ ...place, rowVersion: -1 }, 'rowVersion'],
    [{ ...place, rowVersion: 2 ** 32 }, 'rowVersion'],
    [{ ...place, table: '' }, 'table'],
  ])('a place that is none is refused by name: %j', (bad, field) => {
    expect(() => seal(key, 'row', bad, text)).toThrow(new RegExp(`^${field} of a sealed value`));
  });
});

describe('the swap suite would notice a builder that forgets a part of the place', () => {
  type Build = typeof buildPlaceBytes;
  const swaps: readonly { readonly tenantId: string; readonly place: Place }[] = [
    { tenantId: TENANT, place: { ...place, rowId: TENANT } },
    { tenantId: TENANT, place: { ...place, table: 'memory_history' } },
    { tenantId: TENANT, place: { ...place, rowVersion: 2 } },
    { tenantId: OTHER_TENANT, place },
  ];
  const accepted = (build: Build): number => {
    const sealed = sealAt(key, 'row', build(TENANT, place), text);
    return swaps.filter((swap) => openAt(key, 'row', build(swap.tenantId, swap.place), sealed) !== undefined).length;
  };
  const mutants: readonly (readonly [string, Build])[] = [
    ['the tenant', (_tenant, one) => buildPlaceBytes(TENANT, one)],
    ['the table', (tenant, one) => buildPlaceBytes(tenant, { ...one, table: 'x' })],
    ['the row', (tenant, one) => buildPlaceBytes(tenant, { ...one, rowId: ROW })],
    ['the version', (tenant, one) => buildPlaceBytes(tenant, { ...one, rowVersion: 0 })],
  ];

  it('accepts no swap with the real one', () => {
    expect(accepted(buildPlaceBytes)).toBe(0);
  });

  it.each(mutants)('accepts one without %s', (_, mutant) => {
    expect(accepted(mutant)).toBe(1);
  });

  it('cannot confuse the end of the table with the beginning of the row', () => {
    const places = ['a', 'ab', 'abc'].map((table) => buildPlaceBytes(TENANT, { ...place, table }).toString('hex'));
    expect(new Set(places.map((bytes) => bytes.slice(32, 36))).size).toBe(3);
  });
});

/** The arguments of every call, to the closing parenthesis. */
function cipherCalls(source: string): readonly string[] {
  return [...source.matchAll(/create(?:Dec|C)ipheriv\(/g)].map(({ index, 0: name }) => {
    let depth = 1;
    let end = index + name.length;
    for (; depth > 0; end += 1) depth += { '(': 1, ')': -1 }[source.charAt(end)] ?? 0;
    return source.slice(index, end);
  });
}

it('every GCM cipher and decipher in the product demands a tag of 16 bytes', () => {
  const calls = ['app', 'operator'].flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(room, path), 'utf8'))
      .flatMap((source) => cipherCalls(source).map((call) => inlined(call, source)))
      .filter((call) => !call.includes("'aes-256-ecb'")),
  );
  expect(calls.length).toBeGreaterThanOrEqual(7);
  expect(calls.filter((call) => !/authTagLength: 16\b/.test(call))).toEqual([]);
});

/** The call with the file's upper-case constants in place of their names. */
function inlined(call: string, source: string): string {
  let text = call;
  for (let round = 0; round < 2; round += 1) {
    text = text.replace(
      /\b[A-Z][A-Z_]+\b/g,
      (name) => new RegExp(`const ${name} = (.*?)(?: as const)?;`).exec(source)?.[1] ?? name,
    );
  }
  return text;
}
