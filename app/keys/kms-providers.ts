import { AwsKms } from './aws-kms.js';
import { type PodIdentity, podToken } from './cloud-identity.js';
import { AzureKms, GoogleKms } from './cloud-kms.js';
import { KeyError } from './errors.js';
import { FileKms } from './file-kms.js';
import type { Kms } from './kms.js';

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
