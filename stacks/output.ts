import { TerraformOutput, type TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import type { BucketOutput } from '../infra/bucket/index.js';
import {
  type BootstrapOutput,
  type BucketAddress,
  OUTPUT_NAMES,
  OUTPUT_VERSION,
  type PlaneOutput,
  type VaultOutput,
} from './outputs.js';
import { lockOf } from './settings.js';
import type { Environment } from './spec/environment.js';
import { type BucketKind, bucketAddress, keyId, tenantKeyId } from './spec/names.js';

/** In a construct of their own: an output beside a construct of the same name would collide with it. */
export function buildVaultOutput(stack: TerraformStack, value: VaultOutput): void {
  new TerraformOutput(new Construct(stack, 'outputs'), 'vault', { value }).overrideLogicalId(OUTPUT_NAMES.vault);
}

export function buildPlaneOutput(stack: TerraformStack, value: PlaneOutput): void {
  new TerraformOutput(new Construct(stack, 'outputs'), 'plane', { value }).overrideLogicalId(OUTPUT_NAMES.plane);
}

export function buildBootstrapOutput(stack: TerraformStack, value: BootstrapOutput): void {
  const output = new TerraformOutput(new Construct(stack, 'outputs'), 'bootstrap', { value });
  output.overrideLogicalId(OUTPUT_NAMES.bootstrap);
}

/** What all outputs say of their environment. */
export function identityOf({ name, place }: Environment) {
  return { version: OUTPUT_VERSION, cloud: place.cloud, environment: name } as const;
}

/** A bucket of this stack, as Terraform knows it. */
export function addressOfBucket({ name, region, endpoint, lockDays }: BucketOutput): BucketAddress {
  return { name, region, endpoint, lockDays };
}

/** A bucket of the vault, as the plane derives it. */
function derived(environment: Environment, kind: BucketKind, purpose: 'audit' | 'keys'): BucketAddress {
  return { ...bucketAddress(environment, kind), lockDays: lockOf(environment, purpose).floorDays };
}

export function vaultBuckets(environment: Environment): VaultOutput['buckets'] {
  return {
    audit: derived(environment, 'audit', 'audit'),
    auditReplica: derived(environment, 'auditReplica', 'audit'),
    keys: derived(environment, 'keys', 'keys'),
    keysReplica: derived(environment, 'keysReplica', 'keys'),
  };
}

export function planeKms(environment: Environment, objectsKeyID: string): PlaneOutput['kms'] {
  const { protection, rotationDays, deletionWindowDays } = environment.kms;
  return {
    mode: environment.place.cloud === 'aws' ? 'shared' : 'perTenant',
    ...{ protection, rotationDays, deletionWindowDays },
    keyID: tenantKeyId(environment, 'tenants'),
    replicaKeyID: tenantKeyId(environment, 'tenantsReplica'),
    anchorKeyID: keyId(environment, 'vault', 'anchor'),
    objectsKeyID,
  };
}
