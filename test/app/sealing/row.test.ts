import { createHash, randomBytes } from 'node:crypto';
import { jcs } from '../../../app/sealing/jcs.js';
import { openRow, type RowEnvelope, rowCommit, rowPlaintext, sealRow } from '../../../app/sealing/row.js';
import { open, seal } from '../../../app/sealing/sealed-value.js';
import { readVectors, slotKeyOf, slotKeysOf } from '../../support/vectors.js';
import { SLOT_KEY, TENANT } from '../../vectors/inputs.js';

interface Vector {
  readonly plaintext: string;
  readonly envelope: RowEnvelope;
  readonly commit: string;
}

const key = slotKeyOf(SLOT_KEY, TENANT);
const keys = slotKeysOf(key);
const place = { table: 'memories', rowId: '018f3b5e-7c1a-7d2e-9f30-4a5b6c7d8e9f', rowVersion: 1 };
const content = {
  content: 'Alice prefers tea',
  subject: 'alice',
  predicate: null,
  object: 'tea',
  metadata: { z: [1.5, 'x'], a: { deep: null } },
  source: null,
};

describe('one envelope a row', () => {
  it('has the published plaintext and commitment', () => {
    const [vector] = readVectors<Vector[]>('sealed');
    if (vector === undefined) throw new Error('sealed.json is empty');
    expect(rowPlaintext(vector.envelope).toString('hex')).toBe(vector.plaintext);
    expect(rowCommit(vector.envelope).toString('hex')).toBe(vector.commit);
  });

  it('comes back as it went in, with a salt of its own', () => {
    const { sealed } = sealRow(key, place, content);
    const { salt, ...opened } = openRow(keys, place, sealed);
    expect(opened).toEqual(content);
    expect(Buffer.from(salt, 'base64')).toHaveLength(32);
    expect(openRow(keys, place, sealRow(key, place, content).sealed).salt).not.toBe(salt);
  });

  it('is canonical JSON, member by member', () => {
    const { sealed } = sealRow(key, place, content);
    const plaintext = open(keys, 'row', place, sealed).toString('utf8');
    expect(plaintext).toBe(jcs(JSON.parse(plaintext)));
  });

  it('gives the commitment that the opened row proves, and another one for another content', () => {
    const { sealed, commit } = sealRow(key, place, content);
    const envelope = openRow(keys, place, sealed);
    expect(rowCommit(envelope)).toEqual(commit);
    expect(rowCommit({ ...envelope, content: 'Alice prefers coffee' })).not.toEqual(commit);
    expect(rowCommit({ ...envelope, salt: randomBytes(32).toString('base64') })).not.toEqual(commit);
  });

  it('shows neither content nor any plain hash of it', () => {
    const { sealed, commit } = sealRow(key, place, content);
    const stored = Buffer.concat([sealed, commit]);
    expect(stored.includes('Alice')).toBe(false);
    for (const text of [content.content, jcs(content), jcs(content.content)]) {
      for (const hash of ['md5', 'sha1', 'sha256', 'sha512']) {
        expect(stored.includes(createHash(hash).update(text).digest())).toBe(false);
      }
    }
  });

  it('refuses content that canonical JSON cannot carry, naming where', () => {
    expect(() => sealRow(key, place, { ...content, metadata: { name: '\ud800' } })).toThrow(/^\/name cannot be/);
  });

  it('refuses an envelope that is none', () => {
    const sealed = seal(key, 'row', place, Buffer.from('{"content":"x"}'));
    expect(() => openRow(keys, place, sealed)).toThrow(expect.objectContaining({ code: 'EnvelopeInvalid' }));
  });
});
