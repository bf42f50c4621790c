import { createDecipheriv, type KeyObject } from 'node:crypto';
import { KeyError } from './errors.js';
import { readFileKey } from './file-key.js';
import type { KekContext, Kms } from './kms.js';

/**
 * A KMS in a file, for demos, tests and laptops: whoever reads the file reads every tenant. A wrapped key is
 * 01 ‖ iv(12) ‖ AES-256-GCM ciphertext ‖ tag(16), the context in JCS its associated data.
 */
export class FileKms implements Kms {
  readonly #keyId: string;
  readonly #path: string;

  /** `path` only where the file lies elsewhere than its id says, as in a mounted volume. */
  constructor(keyId: string, path: string = keyId) {
    this.#keyId = keyId;
    this.#path = path;
  }

  async decrypt(keyId: string, wrapped: Uint8Array, context: KekContext): Promise<Buffer> {
    // The keyring names the key, but the pod's configuration decides: a planted keyring must not choose who can read.
    if (keyId !== this.#keyId) {
      throw kmsRefused(`the keyring names key ${keyId}, this service is configured for ${this.#keyId}`);
    }
    const plaintext = unwrap(await readFileKey(this.#path), wrapped, contextBytes(context));
    if (plaintext === undefined) {
      throw kmsRefused(`key ${keyId} did not wrap this for tenant ${context.tenant} in ${context.namespace}`);
    }
    return plaintext;
  }
}

const IV_AT = 1;
const TEXT_AT = 13;
const TAG_BYTES = 16;

function unwrap(key: KeyObject, wrapped: Uint8Array, context: Buffer): Buffer | undefined {
  if (wrapped.length < TEXT_AT + TAG_BYTES || wrapped[0] !== 1) return undefined;
  const tagAt = wrapped.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(IV_AT, TEXT_AT), { authTagLength: TAG_BYTES });
  decipher.setAAD(context);
  decipher.setAuthTag(wrapped.subarray(tagAt));
  const plaintext = decipher.update(wrapped.subarray(TEXT_AT, tagAt));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return undefined;
  }
}

/** JCS of three plain strings: members in order, which JSON.stringify keeps. */
const contextBytes = ({ memplane, namespace, tenant }: KekContext): Buffer =>
  Buffer.from(JSON.stringify({ memplane, namespace, tenant }), 'utf8');

const kmsRefused = (why: string): KeyError =>
  new KeyError('KmsRefused', why, 'check KMS_KEY_ID, MEMPLANE_NAMESPACE and MEMPLANE_TENANT_ID against the keyring');
