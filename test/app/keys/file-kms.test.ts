import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kms, kekContext } from '../../../app/keys/kms.js';
import { openKms } from '../../../app/keys/kms-providers.js';
import { createFileKmsKey } from '../../../operator/clients/file-kms.js';
import { openKms as openOperatorKms } from '../../../operator/clients/kms-providers.js';
import { readVectors } from '../../support/vectors.js';
import { OTHER_TENANT, TENANT } from '../../vectors/inputs.js';

const vector = readVectors<Record<'key' | 'dataKey' | 'wrapped', string>>('kms');
const wrapped = Buffer.from(vector.wrapped, 'base64');
const context = kekContext(TENANT, 'mem-acme');
const refused = expect.objectContaining({ code: 'KmsRefused' });

let folder: string;
let keyId: string;
let kms: Kms;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'memplane-kms-'));
  keyId = join(folder, 'key');
  writeFileSync(keyId, Buffer.from(vector.key, 'hex'), { mode: 0o600 });
  kms = openKms({ provider: 'file', keyId });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the file KMS of a pod', () => {
  it('unwraps the published vector', async () => {
    expect((await kms.decrypt(keyId, wrapped, context)).toString('hex')).toBe(vector.dataKey);
  });

  it.each([
    ['another tenant', kekContext(OTHER_TENANT, 'mem-acme')],
    ['another namespace', kekContext(TENANT, 'mem-other')],
    ['the retained namespace', kekContext(TENANT, `retained/${TENANT}`)],
  ])('does not unwrap for %s', async (_, other) => {
    await expect(kms.decrypt(keyId, wrapped, other)).rejects.toThrow(refused);
  });

  it('does not unwrap what was changed or cut, down to a tag of 4 bytes', async () => {
    for (let at = 0; at < wrapped.length; at += 1) {
      const changed = Buffer.from(wrapped);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await expect(kms.decrypt(keyId, changed, context)).rejects.toThrow(refused);
    }
    for (const left of [4, 8, 12]) {
      await expect(kms.decrypt(keyId, wrapped.subarray(0, wrapped.length - 16 + left), context)).rejects.toThrow(
        refused,
      );
    }
  });

  it('uses only the key that the pod is configured for, wherever its file lies', async () => {
    await expect(kms.decrypt('/etc/hostname', wrapped, context)).rejects.toThrow(/configured for/);
    const mounted = openKms({ provider: 'file', keyId: '/plane/key', path: keyId });
    expect((await mounted.decrypt('/plane/key', wrapped, context)).toString('hex')).toBe(vector.dataKey);
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['is missing', () => undefined, /cannot be read; make it readable/],
    ['is open to others', (path) => writeFileSync(path, Buffer.alloc(32), { mode: 0o640 }), /run chmod 600/],
    ['is too short', (path) => writeFileSync(path, Buffer.alloc(31), { mode: 0o600 }), /has 31 bytes; put 32/],
  ])('says what to do when the key file %s', async (name, prepare, message) => {
    const path = join(folder, name.replaceAll(' ', '-'));
    prepare(path);
    await expect(openKms({ provider: 'file', keyId: path }).decrypt(path, wrapped, context)).rejects.toThrow(message);
    await expect(openOperatorKms('file', path).generateDataKeyWithoutPlaintext(path, context)).rejects.toThrow(message);
  });

  it('says that the operator does not speak to vault yet', () => {
    expect(() => openOperatorKms('vault', keyId)).toThrow(/not implemented yet; .*file, aws, gcp or azure/);
  });
});

describe('the file KMS of the operator', () => {
  it('makes a key that the pod unwraps, a new one each time', async () => {
    const operator = openOperatorKms('file', keyId);
    const one = await operator.generateDataKeyWithoutPlaintext(keyId, context);
    const two = await operator.generateDataKeyWithoutPlaintext(keyId, context);
    const keys = [await kms.decrypt(keyId, one, context), await kms.decrypt(keyId, two, context)];
    expect(keys.map((key) => key.length)).toEqual([32, 32]);
    expect(keys[0]?.equals(keys[1] ?? Buffer.alloc(0))).toBe(false);
  });

  it('binds the same key to another namespace, only from the right one', async () => {
    const operator = openOperatorKms('file', keyId);
    const retained = kekContext(TENANT, `retained/${TENANT}`);
    const moved = await operator.reEncrypt(keyId, wrapped, context, retained);
    expect((await kms.decrypt(keyId, moved, retained)).toString('hex')).toBe(vector.dataKey);
    await expect(kms.decrypt(keyId, moved, context)).rejects.toThrow(refused);
    await expect(operator.reEncrypt(keyId, moved, context, retained)).rejects.toThrow(refused);
    await expect(operator.reEncrypt('/other', wrapped, context, retained)).rejects.toThrow(/configured for/);
  });

  it('has no verb that returns a key', () => {
    const operator = openOperatorKms('file', keyId);
    expect(Object.getOwnPropertyNames(Object.getPrototypeOf(operator)).sort()).toEqual([
      'constructor',
      'generateDataKeyWithoutPlaintext',
      'reEncrypt',
    ]);
  });

  it('makes a key file once, however many try', async () => {
    const path = join(folder, 'new', 'key');
    await Promise.all(Array.from({ length: 8 }, () => createFileKmsKey(path)));
    const made = await openOperatorKms('file', path).generateDataKeyWithoutPlaintext(path, context);
    await createFileKmsKey(path);
    expect(await openKms({ provider: 'file', keyId: path }).decrypt(path, made, context)).toHaveLength(32);
  });
});
