import { type OpenedAwsKms, openAwsKms } from './aws-client.js';
import { KeyError } from './errors.js';
import type { KekContext, Kms } from './kms.js';

/** AWS KMS. The key's policy decides which pod may unwrap which context; this only asks. */
export class AwsKms implements Kms {
  readonly #keyId: string;
  readonly #open: () => Promise<OpenedAwsKms>;

  constructor(keyId: string, endpoint?: string) {
    this.#keyId = keyId;
    this.#open = openAwsKms(keyId, endpoint);
  }

  async decrypt(keyId: string, wrapped: Uint8Array, context: KekContext): Promise<Buffer> {
    // The keyring names the key, but the pod's configuration decides: a planted keyring must not choose who can read.
    if (keyId !== this.#keyId) {
      throw kmsRefused(`the keyring names key ${keyId}, this service is configured for ${this.#keyId}`);
    }
    const { sdk, client } = await this.#open();
    const asked = { KeyId: keyId, CiphertextBlob: wrapped, EncryptionContext: { ...context } };
    const answer = await client.send(new sdk.DecryptCommand(asked)).catch((cause: unknown) => {
      throw explainAwsKms(keyId, context, cause);
    });
    if (!answer.Plaintext) throw kmsRefused(`key ${keyId} answered without a key`);
    return Buffer.from(answer.Plaintext);
  }
}

/** Refusals last until somebody changes something; anything else is worth another try, and says so by its code. */
const explainAwsKms = (keyId: string, context: KekContext, cause: unknown): KeyError => {
  const name = typeof cause === 'object' && cause !== null && 'name' in cause ? String(cause.name) : 'Unknown';
  if (name === 'InvalidCiphertextException' || name === 'IncorrectKeyException') {
    return kmsRefused(`key ${keyId} did not wrap this for tenant ${context.tenant} in ${context.namespace}`, cause);
  }
  if (name === 'AccessDeniedException') {
    return new KeyError(
      'KmsRefused',
      `this pod may not unwrap with ${keyId} for ${context.namespace}`,
      "check the pod's role and the key's policy for the encryption context",
      { cause },
    );
  }
  const lasting = name === 'NotFoundException' || name === 'DisabledException' || name === 'KMSInvalidStateException';
  const code = lasting ? 'KmsRefused' : 'KeyUnavailable';
  const remedy = lasting ? 'enable the key, or cancel its deletion' : 'it is asked again; check that KMS is reachable';
  return new KeyError(code, `AWS KMS did not unwrap with ${keyId}: ${name}`, remedy, { cause });
};

const kmsRefused = (why: string, cause?: unknown): KeyError =>
  new KeyError('KmsRefused', why, 'check KMS_KEY_ID, MEMPLANE_NAMESPACE and MEMPLANE_TENANT_ID against the keyring', {
    cause,
  });
