import { createHash, timingSafeEqual } from 'node:crypto';
import { jcsBytes } from '../sealing/jcs.js';
import {
  askCloud,
  atEndpoint,
  CloudRefused,
  demandText,
  googleKmsUrl,
  type Json,
  type TokenSource,
} from './cloud-rest.js';
import { crc32c } from './crc32c.js';
import { KeyError } from './errors.js';
import type { KekContext, WrappedKey, WrappingKms } from './kms.js';

export interface CloudKmsOptions {
  /** As the configuration has it: the keyring may not choose another one. */
  readonly keyId: string;
  readonly token: TokenSource;
  readonly endpoint?: string | undefined;
}

/** Google Cloud KMS, one symmetric key a tenant. The context is additional authenticated data, as JCS. */
export class GoogleKms implements WrappingKms {
  readonly #options: CloudKmsOptions;

  constructor(options: CloudKmsOptions) {
    this.#options = options;
  }

  async decrypt(keyId: string, wrapped: Uint8Array, context: KekContext): Promise<Buffer> {
    const { plaintext, plaintextCrc32c } = await this.#ask(keyId, 'decrypt', context, {
      ciphertext: Buffer.from(wrapped).toString('base64'),
      ciphertextCrc32c: String(crc32c(wrapped)),
    });
    const key = Buffer.from(demandText(plaintext, 'plaintext'), 'base64');
    if (plaintextCrc32c !== undefined && String(plaintextCrc32c) !== String(crc32c(key))) throw damaged(keyId);
    return key;
  }

  async encrypt(keyId: string, key: Uint8Array, context: KekContext): Promise<WrappedKey> {
    const { ciphertext, ciphertextCrc32c } = await this.#ask(keyId, 'encrypt', context, {
      plaintext: Buffer.from(key).toString('base64'),
      plaintextCrc32c: String(crc32c(key)),
    });
    const wrapped = Buffer.from(demandText(ciphertext, 'ciphertext'), 'base64');
    if (ciphertextCrc32c !== undefined && String(ciphertextCrc32c) !== String(crc32c(wrapped))) throw damaged(keyId);
    return { wrapped, keyId };
  }

  async #ask(keyId: string, verb: string, context: KekContext, body: object): Promise<Json> {
    const { keyId: configured, token, endpoint } = this.#options;
    if (keyId !== configured) throw otherKey(keyId, configured);
    const aad = jcsBytes(context);
    const bound = {
      additionalAuthenticatedData: aad.toString('base64'),
      additionalAuthenticatedDataCrc32c: String(crc32c(aad)),
    };
    return await askCloud(googleKmsUrl(`${keyId}:${verb}`, endpoint), token, { ...body, ...bound }).catch(
      (cause: unknown) => {
        throw explain('Google Cloud KMS', keyId, context, cause);
      },
    );
  }
}

const DIGEST_BYTES = 32;
const KEY_BYTES = 32;

/**
 * Azure Key Vault, one RSA key a tenant. RSA-OAEP binds nothing to what it wraps, so what is wrapped is
 * SHA-256(JCS(context)) ‖ key: under another tenant or namespace it does not open.
 */
export class AzureKms implements WrappingKms {
  readonly #options: CloudKmsOptions;

  constructor(options: CloudKmsOptions) {
    this.#options = options;
  }

  async decrypt(keyId: string, wrapped: Uint8Array, context: KekContext): Promise<Buffer> {
    const bound = await this.#ask(keyId, 'unwrapkey', context, wrapped);
    const given = bound.subarray(0, DIGEST_BYTES);
    if (bound.length !== DIGEST_BYTES + KEY_BYTES || !timingSafeEqual(given, contextDigest(context))) {
      bound.fill(0);
      throw notOfContext(keyId, context);
    }
    const key = Buffer.from(bound.subarray(DIGEST_BYTES));
    bound.fill(0);
    return key;
  }

  /** By the newest version of the key, whatever version is named: it is the one that rotation brought. */
  async encrypt(keyId: string, key: Uint8Array, context: KekContext): Promise<WrappedKey> {
    const bound = Buffer.concat([contextDigest(context), key]);
    try {
      const newest = await this.#newest(keyId, context);
      return { wrapped: await this.#ask(newest, 'wrapkey', context, bound), keyId: newest };
    } finally {
      bound.fill(0);
    }
  }

  async #newest(keyId: string, context: KekContext): Promise<string> {
    const { keyId: configured } = this.#options;
    this.#demandConfigured(keyId);
    if (VERSION.test(configured)) return configured;
    const { key } = await this.#call(configured, '', context, undefined);
    const kid = demandText((key as Json | undefined)?.kid, 'key.kid');
    this.#demandConfigured(kid);
    return kid;
  }

  async #ask(keyId: string, verb: string, context: KekContext, bytes: Uint8Array): Promise<Buffer> {
    this.#demandConfigured(keyId);
    const body = { alg: 'RSA-OAEP-256', value: Buffer.from(bytes).toString('base64url') };
    const { value } = await this.#call(keyId, `/${verb}`, context, body);
    return Buffer.from(demandText(value, 'value'), 'base64url');
  }

  async #call(keyId: string, suffix: string, context: KekContext, body: object | undefined): Promise<Json> {
    const { token, endpoint } = this.#options;
    const url = atEndpoint(`${keyId}${suffix}?api-version=7.4`, endpoint);
    return await askCloud(url, token, body).catch((cause: unknown) => {
      throw explain('Azure Key Vault', keyId, context, cause);
    });
  }

  /** The keyring names the key with the version that wrapped; the configuration may leave the version open. */
  #demandConfigured(keyId: string): void {
    const { keyId: configured } = this.#options;
    if (keyId !== configured && !keyId.startsWith(`${configured}/`)) throw otherKey(keyId, configured);
  }
}

/** `…/keys/<name>/<version>` */
const VERSION = /\/keys\/[^/]+\/[^/]+$/;

const contextDigest = (context: KekContext): Buffer => createHash('sha256').update(jcsBytes(context)).digest();

/** Refusals last until somebody changes something; anything else is worth another try, and says so by its code. */
const explain = (who: string, keyId: string, context: KekContext, cause: unknown): KeyError => {
  const status = cause instanceof CloudRefused ? cause.status : undefined;
  const code = cause instanceof CloudRefused ? cause.code : '';
  // Google says so of a version that is disabled or destroyed.
  const isOff = code === 'FAILED_PRECONDITION';
  if (status === 400 && !isOff) return notOfContext(keyId, context, cause);
  if (status === 401 || status === 403) {
    const why = `this pod may not use ${keyId} for ${context.namespace}`;
    return new KeyError('KmsRefused', why, "check the pod's identity and its role on the key", { cause });
  }
  if (isOff || status === 404 || status === 409) {
    return new KeyError('KmsRefused', `${who} has no usable key ${keyId}`, 'enable the key, or restore it', { cause });
  }
  const words = cause instanceof CloudRefused ? cause.message : 'it did not answer';
  const remedy = 'it is asked again; check that the KMS is reachable';
  return new KeyError('KeyUnavailable', `${who} did not unwrap with ${keyId}: ${words}`, remedy, { cause });
};

const REMEDY = 'check KMS_KEY_ID, MEMPLANE_NAMESPACE and MEMPLANE_TENANT_ID against the keyring';

const otherKey = (keyId: string, configured: string): KeyError =>
  new KeyError('KmsRefused', `the keyring names key ${keyId}, this service is configured for ${configured}`, REMEDY);

const notOfContext = (keyId: string, { tenant, namespace }: KekContext, cause?: unknown): KeyError =>
  new KeyError('KmsRefused', `key ${keyId} did not wrap this for tenant ${tenant} in ${namespace}`, REMEDY, { cause });

const damaged = (keyId: string): KeyError =>
  new KeyError('KeyUnavailable', `what ${keyId} answered was damaged on its way`, 'it is asked again');
