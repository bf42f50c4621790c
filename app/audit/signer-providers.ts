import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openAwsKms } from '../keys/aws-client.js';
import { type PodIdentity, podToken } from '../keys/cloud-identity.js';
import { azureSigner, googleSigner } from './cloud-signers.js';
import type { PlaneSigner } from './plane-signer.js';

export interface PlaneSignerOptions {
  readonly provider: string;
  /** A path, an ARN, a name of a key version, a key's URL. */
  readonly keyId: string;
  /** Where the KMS is, if not at its own address. */
  readonly endpoint?: string | undefined;
  /** Of Google and Azure: who this pod is. */
  readonly identity?: PodIdentity;
}

export const openPlaneSigner = ({ provider, keyId, endpoint, identity = {} }: PlaneSignerOptions): PlaneSigner => {
  if (provider === 'file') return fileSigner(keyId);
  if (provider === 'aws') return awsSigner(keyId, endpoint);
  if (provider === 'gcp') return googleSigner(keyId, podToken('gcp', identity), endpoint);
  if (provider === 'azure') return azureSigner(keyId, podToken('azure', identity), endpoint);
  throw new Error(`AUDIT_KMS_PROVIDER ${JSON.stringify(provider)} cannot sign: use file, aws, gcp or azure`);
};

/** PKCS #8 in PEM, for the demo. Read again at each use: it is replaced by moving another file over it. */
const fileSigner = (path: string): PlaneSigner => {
  const open = async () => createPrivateKey(await readFile(path));
  return {
    publicKey: async () => createPublicKey(await open()).export({ format: 'der', type: 'spki' }),
    sign: async (message) => sign('sha256', message, await open()),
  };
};

const awsSigner = (keyId: string, endpoint: string | undefined): PlaneSigner => {
  const open = openAwsKms(keyId, endpoint);
  const demand = (bytes: Uint8Array | undefined): Buffer => {
    if (!bytes) throw new Error(`AWS KMS answered without what key ${keyId} was asked for`);
    return Buffer.from(bytes);
  };
  return {
    publicKey: async () => {
      const { sdk, client } = await open();
      return demand((await client.send(new sdk.GetPublicKeyCommand({ KeyId: keyId }))).PublicKey);
    },
    sign: async (message) => {
      const { sdk, client } = await open();
      const Message = createHash('sha256').update(message).digest();
      const asked = { KeyId: keyId, Message, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' } as const;
      return demand((await client.send(new sdk.SignCommand(asked))).Signature);
    },
  };
};
