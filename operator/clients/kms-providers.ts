import { AwsKms } from './aws-kms.js';
import { azureKeyId } from './azure-tenant-kms.js';
import { FileKms } from './file-kms.js';
import { googleKeyId } from './google-tenant-kms.js';
import { KeyringError } from './keyring-errors.js';
import type { Kms } from './kms.js';

/** With one key for all tenants. `keyId` is the plane's key (`spec.kms.keyID`); for `file` an absolute path. */
export function openKms(provider: string, keyId: string): Kms {
  if (provider === 'file') return new FileKms(keyId);
  if (provider === 'aws') return new AwsKms(keyId);
  const known = provider === 'vault';
  throw new KeyringError(
    'KmsUnsupported',
    known ? `the KMS provider ${provider} is not implemented yet` : `${JSON.stringify(provider)} is no KMS provider`,
    'set kms.provider of the MemoryPlane to file, aws, gcp or azure',
  );
}

/** The KMS key that a tenant's pod is to use: the plane's own, or the one of its own in the plane's ring or vault. */
export function kmsKeyOf({ provider, keyID }: { readonly provider: string; readonly keyID: string }, tenantId: string) {
  if (provider === 'gcp') return googleKeyId(keyID, tenantId);
  return provider === 'azure' ? azureKeyId(keyID, tenantId) : keyID;
}
