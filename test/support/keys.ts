import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type KeyBucket,
  type OpenTenantKeys,
  openBucket as openPodBucket,
  openKms as openPodKms,
  openTenantKeys,
  type TenantKeys,
} from '../../app/keys/index.js';
import { type Bucket, openBucket } from '../../operator/clients/bucket.js';
import { createFileKmsKey } from '../../operator/clients/file-kms.js';
import { birthKeyring } from '../../operator/clients/keyring.js';
import type { Kms } from '../../operator/clients/kms.js';
import { openKms } from '../../operator/clients/kms-providers.js';

export interface KeyHouse {
  readonly folder: string;
  readonly bucketUrl: string;
  /** As the operator opens it. */
  readonly bucket: Bucket;
  /** The same one as a pod opens it. */
  readonly podBucket: KeyBucket;
  readonly keyId: string;
  /** The operator's. */
  readonly kms: Kms;
  remove(): void;
}

/** A keys bucket and a file KMS under the OS temp folder. */
export async function openKeyHouse(): Promise<KeyHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'memplane-keys-'));
  const keyId = join(folder, 'kms', 'key');
  await createFileKmsKey(keyId);
  const bucketUrl = pathToFileURL(join(folder, 'bucket')).href;
  return {
    folder,
    bucketUrl,
    bucket: openBucket(bucketUrl),
    podBucket: openPodBucket(bucketUrl),
    keyId,
    kms: openKms('file', keyId),
    // A block that is made in the background may still come.
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }),
  };
}

export interface KeyTenant {
  readonly tenantId: string;
  readonly namespace: string;
  /** Opens the keys as a pod of the tenant does; each call is another replica. */
  open(options?: Partial<OpenTenantKeys>): Promise<TenantKeys>;
}

/** A tenant whose keyring the operator bore. */
export async function bearTenant(house: KeyHouse, name = 'acme'): Promise<KeyTenant> {
  const tenantId = randomUUID();
  const namespace = `mem-${name}`;
  const birth = { tenantId, namespace, provider: 'file', keyId: house.keyId, now: new Date() };
  await birthKeyring(house.bucket, house.kms, birth);
  const kms = openPodKms({ provider: 'file', keyId: house.keyId });
  return {
    tenantId,
    namespace,
    open: (options = {}) => openTenantKeys({ tenantId, namespace, bucket: house.podBucket, kms, ...options }),
  };
}
