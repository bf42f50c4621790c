import { AwsKms } from './aws-kms.js';
import { type PodIdentity, podToken } from './cloud-identity.js';
import { AzureKms, GoogleKms } from './cloud-kms.js';
import { KeyError } from './errors.js';
import { FileKms } from './file-kms.js';

/** The KMS of a tenant's pod: it may unwrap its own tenant key, nothing else. The operator's interface has no decrypt. */
export interface Kms {
  /** The 32 bytes of a tenant key. Throws `KeyError` `KmsRefused` when key, context or bytes do not belong together. */
  decrypt(keyId: string, wrapped: Uint8Array, context: KekContext): Promise<Buffer>;
}

/** Where tenant keys are born and re-wrapped in the tenant's own pod: Google and Azure have no verb that hides the key. */
export interface WrappingKms extends Kms {
  encrypt(keyId: string, key: Uint8Array, context: KekContext): Promise<Buffer>;
}

/** The encryption context: what a wrapped tenant key is bound to. */
export interface KekContext {
  readonly memplane: 'kek/1';
  readonly tenant: string;
  readonly namespace: string;
}

export const kekContext = (tenant: string, namespace: string): KekContext => ({
  memplane: 'kek/1',
  tenant,
  namespace,
});

export type KmsProvider = 'file' | 'aws' | 'gcp' | 'azure' | 'vault';

export interface KmsOptions {
  readonly provider: string;
  readonly keyId: string;
  /** Where the key file lies, if not where its id says. @default keyId */
  readonly path?: string;
  /** Where the KMS is, if not at its own address. */
  readonly endpoint?: string | undefined;
  /** Of Google and Azure: who this pod is. */
  readonly identity?: PodIdentity;
}

export function openKms({ provider, keyId, path, endpoint, identity = {} }: KmsOptions): Kms {
  if (provider === 'file') return new FileKms(keyId, path);
  if (provider === 'aws') return new AwsKms(keyId, endpoint);
  if (provider === 'gcp') return new GoogleKms({ keyId, endpoint, token: podToken('gcp', identity) });
  if (provider === 'azure') return new AzureKms({ keyId, endpoint, token: podToken('azure', identity) });
  const known = provider === 'vault' ? 'is not implemented yet' : 'is not known';
  throw new KeyError('KmsUnsupported', `KMS_PROVIDER ${provider} ${known}`, 'use file, aws, gcp or azure');
}
