import { createSecretKey } from 'node:crypto';
import { type Keyring, parseKeyring, validateKeyring } from '../../../app/keys/keyring.js';
import { keyCheckValue, keyringMac, verifyKeyringMac } from '../../../app/keys/keyring-mac.js';
import { readVectors } from '../../support/vectors.js';
import { OTHER_TENANT, TENANT } from '../../vectors/inputs.js';

const vector = readVectors<{ kek: string; kcv: string; keyring: Keyring }>('keyring');
const { keyring } = vector;
const kek = createSecretKey(vector.kek, 'hex');
const [first] = keyring.keks;
if (first === undefined) throw new Error('keyring.json has no kek');

const problems = (changed: unknown): readonly string[] => validateKeyring(changed, TENANT, 'mem-acme');

describe('the keyring document', () => {
  it('has the published check value and MAC', () => {
    expect(keyCheckValue(kek)).toBe(vector.kcv);
    expect(keyringMac(kek, keyring)).toBe(keyring.mac);
    expect(verifyKeyringMac(kek, keyring)).toBe(true);
  });

  it('is valid as published', () => {
    expect(problems(keyring)).toEqual([]);
    expect(parseKeyring('k', Buffer.from(JSON.stringify(keyring)), TENANT, 'mem-acme')).toEqual(keyring);
  });

  it.each<[string, Partial<Keyring>]>([
    ['epoch', { epoch: 18 }],
    ['tenantId', { tenantId: OTHER_TENANT }],
    ['blocks', { blocks: [{ n: 0, epoch: 11, kekGen: 3, sha256: 'a'.repeat(64) }] }],
    ['blocks dropped', { blocks: [] }],
    ['log', { log: { origin: 'o', vkey: 'v', sealed: 's' } }],
    ['kek state', { keks: [{ ...first, state: 'decrypt-only' }] }],
    ['kek keyId', { keks: [{ ...first, keyId: 'other' }] }],
    ['kek kcv', { keks: [{ ...first, kcv: 'AAAAAAAAAAA=' }] }],
    ['kek gen', { keks: [{ ...first, gen: 4 }] }],
    ['mac', { mac: '' }],
    ['mac null', { mac: null }],
  ])('its MAC covers %s', (_, change) => {
    expect(verifyKeyringMac(kek, { ...keyring, ...change })).toBe(false);
  });

  it('its MAC leaves out what the operator re-wraps', () => {
    const context = { ...first.context, namespace: `retained/${TENANT}` };
    const moved = { ...keyring, keks: [{ ...first, wrapped: 'AAAA', context }] };
    expect(verifyKeyringMac(kek, moved)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['the document is no object', []],
    ['v is 2, not 1', { ...keyring, v: 2 }],
    ['epoch is -1, not an integer from 0', { ...keyring, epoch: -1 }],
    ['extra is not known', { ...keyring, extra: 1 }],
    ['keks[0].state is "gone", not active or decrypt-only', { ...keyring, keks: [{ ...first, state: 'gone' }] }],
    ['keks[0].wrapped is "?", not base64', { ...keyring, keks: [{ ...first, wrapped: '?' }] }],
    ['keks[0].context is null, not an object', { ...keyring, keks: [{ ...first, context: null }] }],
    ['keks[0].plaintext is not known', { ...keyring, keks: [{ ...first, plaintext: 'x' }] }],
    ['0 keks are active, not one', { ...keyring, keks: [{ ...first, state: 'decrypt-only' }] }],
    ['2 keks are active, not one', { ...keyring, keks: [first, { ...first, gen: 4 }] }],
    ['two keks have the same gen', { ...keyring, keks: [first, { ...first, state: 'decrypt-only' }] }],
    [
      'kek 3 is bound to mem-other',
      { ...keyring, keks: [{ ...first, context: { ...first.context, namespace: 'mem-other' } }] },
    ],
    [`tenantId is ${OTHER_TENANT}`, { ...keyring, tenantId: OTHER_TENANT }],
    ['blocks[0].kekGen 9 is no kek of it', { ...keyring, blocks: [{ ...keyring.blocks[0], kekGen: 9 }] }],
    ["blocks[0].epoch 18 is above the keyring's 17", { ...keyring, blocks: [{ ...keyring.blocks[0], epoch: 18 }] }],
    ['blocks[0].n is 1', { ...keyring, blocks: [{ ...keyring.blocks[0], n: 1 }] }],
    ['epoch is 17, but wrapped, kcv, blocks, log or mac is missing', { ...keyring, log: null }],
    ['epoch is 0, but it is partly completed', { ...keyring, epoch: 0, blocks: [] }],
  ])('is refused: %s', (problem, changed) => {
    expect(problems(changed).join('\n')).toContain(problem);
  });

  it('that is no JSON is refused by name', () => {
    expect(() => parseKeyring('keys/x/keyring.json', Buffer.from('{'), TENANT, 'mem-acme')).toThrow(
      /^the keyring keys\/x\/keyring\.json is refused: it is no JSON/,
    );
  });
});
