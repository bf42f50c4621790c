import { AwsKms } from './aws-kms.js';
import { KeyError } from './errors.js';
import { FileKms } from './file-kms.js';

/** The KMS of a tenant's pod: it may unwrap its own tenant key, nothing else. The operator's interface has no decrypt. */
export interface Kms {
  /** The 32 bytes of a tenant key. Throws `KeyError` `KmsRefused` when key, context or bytes do not belong together. */
  decrypt(keyId: string, wrapped: Uint8Array, context: KekContext): Promise<Buffer>;
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
}

export function openKms(options: KmsOptions): Kms {
  if (options.provider === 'file') return new FileKms(options.keyId, options.path);
  if (options.provider === 'aws') return new AwsKms(options.keyId);
  const known = ['gcp', 'azure', 'vault'].includes(options.provider);
  throw new KeyError(
    'KmsUnsupported',
    known
      ? `KMS_PROVIDER ${options.provider} is not implemented yet`
      : `KMS_PROVIDER ${JSON.stringify(options.provider)} is not known`,
    'use file or aws',
  );
}
