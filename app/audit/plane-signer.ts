import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { KMSClient } from '@aws-sdk/client-kms';
import { formatCheckpoint } from './checkpoint.js';
import { azureSigner, googleSigner, type TokenSource } from './cloud-signers.js';
import { buildNote, ECDSA, keyIdOf } from './note.js';

/**
 * The key of the plane: ECDSA P-256 over SHA-256, in a KMS that never gives it away. It signs anchors, certificates and
 * manifests; never single events, which would cost a call each.
 */
export interface PlaneSigner {
  /** DER, SubjectPublicKeyInfo. */
  publicKey(): Promise<Buffer>;
  /** DER, Ecdsa-Sig-Value. */
  sign(message: Uint8Array): Promise<Buffer>;
}

export interface PlaneSignerOptions {
  readonly provider: string;
  /** A path, an ARN, a name of a key version, a key's URL. */
  readonly keyId: string;
  /** Of Google and Azure: an access token of the pod's identity. */
  readonly token?: TokenSource;
}

export const openPlaneSigner = ({ provider, keyId, token }: PlaneSignerOptions): PlaneSigner => {
  if (provider === 'file') return fileSigner(keyId);
  if (provider === 'aws') return awsSigner(keyId);
  if (provider !== 'gcp' && provider !== 'azure') {
    throw new Error(`AUDIT_KMS_PROVIDER ${JSON.stringify(provider)} cannot sign: use file, aws, gcp or azure`);
  }
  if (!token) throw new Error(`AUDIT_KMS_PROVIDER ${provider} needs the identity of the pod`);
  return provider === 'gcp' ? googleSigner(keyId, token) : azureSigner(keyId, token);
};

/** PKCS #8 in PEM, for the demo. Read again at each use: it is replaced by moving another file over it. */
const fileSigner = (path: string): PlaneSigner => {
  const open = async () => createPrivateKey(await readFile(path));
  return {
    publicKey: async () => createPublicKey(await open()).export({ format: 'der', type: 'spki' }),
    sign: async (message) => sign('sha256', message, await open()),
  };
};

const awsSigner = (keyId: string): PlaneSigner => {
  let opened: Promise<{ readonly sdk: typeof import('@aws-sdk/client-kms'); readonly client: KMSClient }> | undefined;
  const open = () => {
    opened ??= import('@aws-sdk/client-kms').then((sdk) => {
      const region = /^arn:[\w-]+:kms:([\w-]+):/.exec(keyId)?.[1];
      const patience = { maxAttempts: 4, requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000 } };
      return { sdk, client: new sdk.KMSClient({ ...(region === undefined ? {} : { region }), ...patience }) };
    });
    return opened;
  };
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

/** What a policy names as an anchor, or a checker of documents as the plane's key. */
export const verifierKeyOf = async (name: string, signer: PlaneSigner): Promise<string> => {
  const typed = Buffer.concat([Buffer.from([ECDSA]), await signer.publicKey()]);
  return `${name}+${keyIdOf(name, typed).toString('hex')}+${typed.toString('base64')}`;
};

/** A checkpoint of a log of the plane: its anchors. */
export const signPlaneCheckpoint = async (
  signer: PlaneSigner,
  checkpoint: { readonly origin: string; readonly size: number; readonly root: Buffer },
): Promise<Buffer> => {
  const text = formatCheckpoint(checkpoint);
  const typed = Buffer.concat([Buffer.from([ECDSA]), await signer.publicKey()]);
  const signature = await signer.sign(Buffer.from(text));
  return buildNote(text, [{ name: checkpoint.origin, keyId: keyIdOf(checkpoint.origin, typed), signature }]);
};
