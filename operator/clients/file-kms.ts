import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KeyringError } from './keyring-errors.js';
import type { KekContext, Kms } from './kms.js';

/**
 * A KMS in a file, for demos, tests and laptops. A file cannot keep its holder from unwrapping, so here alone the rule
 * that the operator cannot read is a promise of this class, not of a provider. Format: `app/keys/file-kms.ts`.
 */
export class FileKms implements Kms {
  readonly #keyId: string;

  constructor(keyId: string) {
    this.#keyId = keyId;
  }

  async generateDataKeyWithoutPlaintext(keyId: string, context: KekContext): Promise<Buffer> {
    const dataKey = randomBytes(KEY_BYTES);
    const wrapped = wrap(await this.#key(keyId), dataKey, context);
    dataKey.fill(0);
    return wrapped;
  }

  async reEncrypt(keyId: string, wrapped: Uint8Array, from: KekContext, to: KekContext): Promise<Buffer> {
    const key = await this.#key(keyId);
    const dataKey = unwrap(key, wrapped, from);
    if (dataKey === undefined) {
      throw refused(`key ${keyId} did not wrap this for tenant ${from.tenant} in ${from.namespace}`, 'check kms.keyID');
    }
    const again = wrap(key, dataKey, to);
    dataKey.fill(0);
    return again;
  }

  async #key(keyId: string): Promise<KeyObject> {
    if (keyId === this.#keyId) return readFileKey(keyId);
    throw refused(
      `the keyring names key ${keyId}, the plane is configured for ${this.#keyId}`,
      'set kms.keyID of the MemoryPlane back, or move the key file',
    );
  }
}

const KEY_BYTES = 32;
const IV_AT = 1;
const TEXT_AT = 13;
const TAG = { authTagLength: 16 } as const;

function wrap(key: KeyObject, dataKey: Buffer, context: KekContext): Buffer {
  const iv = randomBytes(TEXT_AT - IV_AT);
  const cipher = createCipheriv('aes-256-gcm', key, iv, TAG).setAAD(contextBytes(context));
  return Buffer.concat([Buffer.from([1]), iv, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
}

function unwrap(key: KeyObject, wrapped: Uint8Array, context: KekContext): Buffer | undefined {
  const tagAt = wrapped.length - TAG.authTagLength;
  if (tagAt < TEXT_AT || wrapped[0] !== 1) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(IV_AT, TEXT_AT), TAG);
  decipher.setAAD(contextBytes(context)).setAuthTag(wrapped.subarray(tagAt));
  const dataKey = decipher.update(wrapped.subarray(TEXT_AT, tagAt));
  try {
    decipher.final();
    return dataKey;
  } catch {
    dataKey.fill(0);
    return undefined;
  }
}

/** JCS of three plain strings: members in order, which JSON.stringify keeps. */
const contextBytes = ({ memplane, namespace, tenant }: KekContext): Buffer =>
  Buffer.from(JSON.stringify({ memplane, namespace, tenant }), 'utf8');

/** Makes the key file if there is none. Of two that race one wins; a half-written file is never seen. */
export async function createFileKmsKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const made = `${path}.${process.pid}-${randomBytes(8).toString('hex')}`;
  const file = await open(made, 'wx', 0o600);
  try {
    await file.writeFile(randomBytes(KEY_BYTES));
    await file.sync();
    await link(made, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await file.close();
    await unlink(made);
  }
}

async function readFileKey(path: string): Promise<KeyObject> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw refused(`the key file ${path} cannot be read`, 'make it readable to the operator only', error);
  });
  try {
    const { mode, size } = await file.stat();
    if ((mode & 0o077) !== 0) throw refused(`the key file ${path} is open to other users`, `run chmod 600 ${path}`);
    if (size !== KEY_BYTES)
      throw refused(`the key file ${path} has ${size} bytes`, `put ${KEY_BYTES} random bytes there`);
    const bytes = await file.readFile();
    const key = createSecretKey(bytes);
    bytes.fill(0);
    return key;
  } finally {
    await file.close();
  }
}

const refused = (what: string, remedy: string, cause?: unknown): KeyringError =>
  new KeyringError('KmsRefused', what, remedy, { cause });
