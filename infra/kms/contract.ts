import type { ITerraformDependable } from 'cdktf';
import { refused } from '../support/errors.js';
import type { Cloud, Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/**
 * One key a purpose, so that losing, rotating or denying one touches nothing else.
 * `tenant` is where tenants' keys come from: on AWS one shared key bounded by its encryption context, on Google
 * Cloud and Azure the ring or vault in which the operator makes one key a tenant.
 */
export type KeyPurpose =
  | 'audit'
  | 'keys'
  | 'tenant'
  | 'anchor'
  | 'objects'
  | 'data'
  | 'disk'
  | 'cluster'
  | 'ops'
  | 'state';

export interface KeyTraits {
  readonly usage: 'Encrypt' | 'Sign';
  /** Whose service uses the key; it gets the grants that the cloud asks for. */
  readonly usedBy: 'Storage' | 'Objects' | 'Pods' | 'Databases' | 'Disks' | 'Cluster' | 'Logs';
}

export const KEY_TRAITS: Readonly<Record<KeyPurpose, KeyTraits>> = {
  audit: { usage: 'Encrypt', usedBy: 'Storage' },
  keys: { usage: 'Encrypt', usedBy: 'Storage' },
  tenant: { usage: 'Encrypt', usedBy: 'Pods' },
  anchor: { usage: 'Sign', usedBy: 'Pods' },
  // Artifacts, backups, images.
  objects: { usage: 'Encrypt', usedBy: 'Objects' },
  // Postgres, Redis, the queue of writes, their backups and the secrets beside them.
  data: { usage: 'Encrypt', usedBy: 'Databases' },
  // Nodes and volumes.
  disk: { usage: 'Encrypt', usedBy: 'Disks' },
  // Secrets of Kubernetes, where the API server keeps them.
  cluster: { usage: 'Encrypt', usedBy: 'Cluster' },
  ops: { usage: 'Encrypt', usedBy: 'Logs' },
  // Terraform's own memory.
  state: { usage: 'Encrypt', usedBy: 'Storage' },
};

export interface KmsConfig<P extends KeyPurpose = KeyPurpose, S extends Site = Site> {
  readonly site: S;
  /** AWS: prefix of the aliases. Google Cloud: key ring. Azure: vault. */
  readonly name: string;
  readonly purposes: readonly P[];
  readonly tags: Tags;
  /**
   * Makes the second region's keys of these. On AWS they are replicas with the same key material; elsewhere keys of
   * their own under the same names, because there replication encrypts anew.
   * @default keys of their own, in the first region
   */
  readonly copyOf?: KmsOutput<P>;
  /** @default 90 */
  readonly rotationDays?: number;
  /** How long a destroyed key can still be brought back. @default 30 */
  readonly deletionWindowDays?: number;
  /** AWS keys are in an HSM either way. @default 'Hsm' */
  readonly protection?: 'Software' | 'Hsm';
}

export interface Key {
  readonly purpose: KeyPurpose;
  /** What a resource that is encrypted with the key refers to: ARN, resource name, or versionless key id. */
  readonly id: string;
  /** The same for a service that pins a version: on Azure it names one, and moves on with an apply. */
  readonly pinnedId: string;
  /** What a permission is granted on: the same, except on Azure, where it is the key's resource id. */
  readonly grantOn: string;
  /** Name by which it is found again without state: alias, key, or vault and key. */
  readonly name: string;
  /** Its address in the stack, for the list of what cannot be taken back. */
  readonly address: string;
  /** Grants that must exist before the first resource uses the key. */
  readonly ready: readonly ITerraformDependable[];
}

export interface KmsOutput<P extends KeyPurpose = KeyPurpose> {
  readonly keys: Readonly<Record<P, Key>>;
  /** What holds them: prefix of the aliases, key ring, or id of the vault, which on Azure also keeps secrets. */
  readonly store: string;
}

export interface ResolvedKms<P extends KeyPurpose, S extends Site> extends Omit<KmsConfig<P, S>, 'copyOf'> {
  readonly copyOf: KmsOutput<P> | undefined;
  readonly rotationDays: number;
  readonly deletionWindowDays: number;
  readonly protection: 'Software' | 'Hsm';
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** The vendors' limits in days; AWS has the narrowest rotation, and it is kept on all three. */
export const KMS_LIMITS: Readonly<Record<Cloud, Readonly<Record<'rotationDays' | 'deletionWindowDays', Range>>>> = {
  aws: { rotationDays: { min: 90, max: 2560 }, deletionWindowDays: { min: 7, max: 30 } },
  // The longest that scanners and the proofs let a key of Google Cloud go.
  gcp: { rotationDays: { min: 1, max: 90 }, deletionWindowDays: { min: 1, max: 120 } },
  azure: { rotationDays: { min: 90, max: 2560 }, deletionWindowDays: { min: 7, max: 90 } },
};

export function withKmsDefaults<P extends KeyPurpose, S extends Site>(config: KmsConfig<P, S>): ResolvedKms<P, S> {
  const kms = {
    ...config,
    copyOf: config.copyOf,
    rotationDays: config.rotationDays ?? 90,
    deletionWindowDays: config.deletionWindowDays ?? 30,
    protection: config.protection ?? 'Hsm',
  };
  for (const field of ['rotationDays', 'deletionWindowDays'] as const) {
    const { min, max } = KMS_LIMITS[config.site.cloud][field];
    if (!Number.isInteger(kms[field]) || kms[field] < min || kms[field] > max) {
      throw refused(
        `kms ${config.name}.${field}`,
        kms[field],
        `must be ${min} to ${max} days`,
        'set kms.* in the spec',
      );
    }
  }
  return kms;
}

/** One entry a purpose, typed by purpose: `keysOf(['audit'], …).audit` needs no check for undefined. */
export function keysOf<P extends KeyPurpose>(
  purposes: readonly P[],
  build: (purpose: P) => Key,
): Readonly<Record<P, Key>> {
  return Object.fromEntries(purposes.map((purpose) => [purpose, build(purpose)])) as Record<P, Key>;
}
