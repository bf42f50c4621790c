import type { KMSClient } from '@aws-sdk/client-kms';
import { KeyringError } from './keyring-errors.js';
import type { KekContext, Kms } from './kms.js';

interface Opened {
  readonly sdk: typeof import('@aws-sdk/client-kms');
  readonly client: KMSClient;
}

/** AWS KMS, with the three rights that the operator has: it never asks for a plaintext, and its role could not. */
export class AwsKms implements Kms {
  readonly #keyId: string;
  #client: Promise<Opened> | undefined;

  constructor(keyId: string) {
    this.#keyId = keyId;
  }

  generateDataKeyWithoutPlaintext(keyId: string, context: KekContext): Promise<Buffer> {
    return this.#ask(keyId, 'make a tenant key', async ({ sdk, client }) => {
      const asked = { KeyId: keyId, KeySpec: 'AES_256' as const, EncryptionContext: { ...context } };
      return (await client.send(new sdk.GenerateDataKeyWithoutPlaintextCommand(asked))).CiphertextBlob;
    });
  }

  reEncrypt(keyId: string, wrapped: Uint8Array, from: KekContext, to: KekContext): Promise<Buffer> {
    return this.#ask(keyId, `wrap the tenant key again, from ${from.namespace} to ${to.namespace}`, async (open) => {
      const keys = { SourceKeyId: keyId, DestinationKeyId: keyId, CiphertextBlob: wrapped };
      const contexts = { SourceEncryptionContext: { ...from }, DestinationEncryptionContext: { ...to } };
      return (await open.client.send(new open.sdk.ReEncryptCommand({ ...keys, ...contexts }))).CiphertextBlob;
    });
  }

  async #ask(keyId: string, what: string, run: (open: Opened) => Promise<Uint8Array | undefined>): Promise<Buffer> {
    if (keyId !== this.#keyId) {
      throw new KeyringError(
        'KmsRefused',
        `the keyring names key ${keyId}, the plane is configured for ${this.#keyId}`,
        'set kms.keyID of the MemoryPlane back, or wrap the tenant keys again',
      );
    }
    this.#client ??= openClient(keyId);
    const answer = await run(await this.#client).catch((cause: unknown) => {
      const name = typeof cause === 'object' && cause !== null && 'name' in cause ? String(cause.name) : 'Unknown';
      const remedy = REMEDIES[name] ?? 'check that KMS is reachable; it is tried again';
      throw new KeyringError('KmsRefused', `AWS KMS did not ${what} with ${keyId}: ${name}`, remedy, { cause });
    });
    if (!answer) throw new KeyringError('KmsRefused', `AWS KMS answered ${keyId} without a key`, 'try again');
    return Buffer.from(answer);
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  AccessDeniedException: "give the operator's role this right on the key, for this encryption context",
  NotFoundException: 'correct kms.keyID of the MemoryPlane',
  DisabledException: 'enable the key',
  KMSInvalidStateException: "cancel the key's deletion",
  InvalidCiphertextException: 'the keyring was not wrapped for this tenant: look at the access log of the keys bucket',
};

/** Its own default waits for ever. */
const PATIENCE = { maxAttempts: 4, requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000 } };

const openClient = async (keyId: string): Promise<Opened> => {
  const sdk = await import('@aws-sdk/client-kms');
  const region = /^arn:[\w-]+:kms:([\w-]+):/.exec(keyId)?.[1];
  return { sdk, client: new sdk.KMSClient({ ...(region === undefined ? {} : { region }), ...PATIENCE }) };
};
