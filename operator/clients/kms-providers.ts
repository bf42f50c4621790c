import { AwsKms } from './aws-kms.js';
import { FileKms } from './file-kms.js';
import { KeyringError } from './keyring-errors.js';
import type { Kms } from './kms.js';

export type KmsProvider = 'file' | 'aws' | 'gcp' | 'azure' | 'vault';

/** `keyId` is the plane's key (`spec.kms.keyID`); for `file` an absolute path. */
export function openKms(provider: string, keyId: string): Kms {
  if (provider === 'file') return new FileKms(keyId);
  if (provider === 'aws') return new AwsKms(keyId);
  const known = ['gcp', 'azure', 'vault'].includes(provider);
  throw new KeyringError(
    'KmsUnsupported',
    known ? `the KMS provider ${provider} is not implemented yet` : `${JSON.stringify(provider)} is no KMS provider`,
    'set kms.provider of the MemoryPlane to file or aws',
  );
}
