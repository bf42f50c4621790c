import type { ITerraformDependable } from 'cdktf';
import type { Key } from '../kms/contract.js';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

export type BucketPurpose = 'artifacts' | 'backups' | 'audit' | 'keys' | 'accessLogs' | 'state';

export interface Lock {
  /** `Compliance`: nobody, root and vendor included, ends it early. `Governance`: whoever may bypass it. */
  readonly mode: 'Compliance' | 'Governance' | 'None';
  /** No object may be written with less. On Google Cloud and Azure this is the bucket's own, irreversible period. */
  readonly floorDays: number;
  /** What an object gets when its writer names no date. At least `floorDays`. */
  readonly retentionDays: number;
}

export interface Lifecycle {
  /** @default never */
  readonly infrequentAfterDays?: number;
  /** @default never */
  readonly archiveAfterDays?: number;
  /** @default never */
  readonly expireDays?: number;
  /** How long an overwritten or deleted object can be brought back, where the bucket keeps versions. @default 7 */
  readonly noncurrentDays?: number;
}

export interface BucketConfig<S extends Site = Site> {
  readonly site: S;
  /** Unique in the world. On Azure the storage account. */
  readonly name: string;
  readonly purpose: BucketPurpose;
  readonly tags: Tags;
  /** Azure: the container in the account. @default the purpose in lower case */
  readonly container?: string;
  /**
   * A key that the kms unit made. Required, except for access logs on AWS, whose delivery refuses KMS.
   * @default none
   */
  readonly key?: Key;
  /** @default what {@link TRAITS} says of the purpose: the compliant choice */
  readonly lock?: Lock;
  /** @default abort uploads after 7 days, drop old versions after 7 days, nothing else */
  readonly lifecycle?: Lifecycle;
  /** `logTarget` of an access-log bucket in the same region. Required, except for access logs and states. @default none */
  readonly logsTo?: string;
}

export interface BucketOutput {
  /** What the data plane calls it: bucket, or container. */
  readonly name: string;
  readonly region: string;
  /** Empty where the SDK finds it by region. */
  readonly endpoint: string;
  /** How long every object stays at least: `floorDays`, or 0 without a lock. */
  readonly lockDays: number;
  /** What links and replication refer to. */
  readonly id: string;
  /** What a permission is granted on: ARN, name, or resource id of the container. */
  readonly grantOn: string;
  /** What `logsTo` of other buckets takes. */
  readonly logTarget: string;
  /** Its address in the stack, for the list of what cannot be taken back. */
  readonly address: string;
  /** Settings that must be in force before data may flow in. */
  readonly ready: readonly ITerraformDependable[];
}

export interface BucketTraits {
  /** Old versions survive an overwrite. Not for keys: a destroyed key must be gone. */
  readonly versioned: boolean;
  readonly lock: Lock;
  readonly lockable: boolean;
  /** `Tagged`: only what its writer marked `tier=archivable`, because a lifecycle cannot see a legal hold. */
  readonly archives: 'All' | 'Tagged';
}

const UNLOCKED: Lock = { mode: 'None', floorDays: 0, retentionDays: 0 };

export const TRAITS: Readonly<Record<BucketPurpose, BucketTraits>> = {
  artifacts: { versioned: true, lockable: false, archives: 'Tagged', lock: UNLOCKED },
  backups: {
    versioned: true,
    lockable: true,
    archives: 'All',
    lock: { mode: 'Compliance', floorDays: 7, retentionDays: 7 },
  },
  audit: {
    versioned: true,
    lockable: true,
    archives: 'All',
    // 7 years, and at the very least one: seven years of 365 days and two leap days.
    lock: { mode: 'Compliance', floorDays: 365, retentionDays: 2557 },
  },
  keys: { versioned: false, lockable: false, archives: 'All', lock: UNLOCKED },
  // Of Terraform: an older version is the way back from a bad apply.
  state: { versioned: true, lockable: false, archives: 'All', lock: UNLOCKED },
  // Locked buckets are refused as log targets.
  accessLogs: { versioned: true, lockable: false, archives: 'All', lock: UNLOCKED },
};

export interface ResolvedLifecycle {
  readonly infrequentAfterDays: number | undefined;
  readonly archiveAfterDays: number | undefined;
  readonly expireDays: number | undefined;
  readonly noncurrentDays: number;
  readonly abortUploadsAfterDays: number;
}

export interface ResolvedBucket<S extends Site> {
  readonly site: S;
  readonly name: string;
  readonly container: string;
  readonly purpose: BucketPurpose;
  readonly traits: BucketTraits;
  readonly key: Key | undefined;
  readonly lock: Lock;
  readonly lifecycle: ResolvedLifecycle;
  readonly logsTo: string | undefined;
  readonly tags: Tags;
}

export function withBucketDefaults<S extends Site>(config: BucketConfig<S>): ResolvedBucket<S> {
  const traits = TRAITS[config.purpose];
  const bucket = {
    site: config.site,
    name: config.name,
    container: config.container ?? config.purpose.toLowerCase(),
    purpose: config.purpose,
    traits,
    key: config.key,
    lock: config.lock ?? traits.lock,
    lifecycle: {
      infrequentAfterDays: config.lifecycle?.infrequentAfterDays,
      archiveAfterDays: config.lifecycle?.archiveAfterDays,
      expireDays: config.lifecycle?.expireDays,
      noncurrentDays: config.lifecycle?.noncurrentDays ?? 7,
      abortUploadsAfterDays: 7,
    },
    logsTo: config.logsTo,
    tags: config.tags,
  };
  checkEncryption(bucket);
  checkLock(bucket);
  checkLifecycle(bucket);
  return bucket;
}

function checkEncryption({ site, name, purpose, key, logsTo }: ResolvedBucket<Site>): void {
  const deliveredByS3 = site.cloud === 'aws' && purpose === 'accessLogs';
  if (deliveredByS3 && key !== undefined) {
    throw refused(`bucket ${name}.key`, key.purpose, 'S3 does not deliver logs into a KMS bucket', 'leave it out');
  }
  if (!deliveredByS3 && key === undefined) {
    throw refused(`bucket ${name}.key`, key, 'every bucket has a key of ours', 'pass a key that the kms unit made');
  }
  // The bucket of states is there before the one that could keep its logs.
  if (purpose !== 'accessLogs' && purpose !== 'state' && logsTo === undefined) {
    throw refused(`bucket ${name}.logsTo`, logsTo, 'every access is logged', 'pass logTarget of the access-log bucket');
  }
}

function checkLock({ name, purpose, traits, lock }: ResolvedBucket<Site>): void {
  const at = `bucket ${name}.lock`;
  if (lock.mode === 'None') return;
  if (!traits.lockable) {
    throw refused(at, lock.mode, `a bucket for ${purpose} cannot be locked`, 'leave lock out, or choose mode None');
  }
  if (!Number.isInteger(lock.floorDays) || lock.floorDays < 1) {
    throw refused(`${at}.floorDays`, lock.floorDays, 'a lock lasts at least a day', 'name whole days from 1');
  }
  if (!Number.isInteger(lock.retentionDays) || lock.retentionDays < lock.floorDays) {
    const remedy = `name whole days from ${lock.floorDays}`;
    throw refused(`${at}.retentionDays`, lock.retentionDays, 'shorter than floorDays', remedy);
  }
}

function checkLifecycle({ name, lock, lifecycle }: ResolvedBucket<Site>): void {
  const { infrequentAfterDays: infrequent, archiveAfterDays: archive, expireDays: expire } = lifecycle;
  if (infrequent !== undefined && archive !== undefined && archive <= infrequent) {
    const remedy = `name more than ${infrequent} days`;
    throw refused(`bucket ${name}.lifecycle.archiveAfterDays`, archive, 'not after infrequentAfterDays', remedy);
  }
  if (expire !== undefined && lock.mode !== 'None' && expire < lock.retentionDays) {
    const remedy = `name at least ${lock.retentionDays} days`;
    throw refused(`bucket ${name}.lifecycle.expireDays`, expire, 'objects would expire while locked', remedy);
  }
}
