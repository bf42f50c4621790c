import type { Cloud } from '../../infra/support/site.js';
import { type BucketKind, bucketName } from '../spec/names.js';
import { type Evidence, evidence, type ProvenStack, type World } from './rule.js';
import { at, type Resource, referred, resourcesOf } from './terraform-json.js';

export const BUCKET_TYPES: Readonly<Record<Cloud, string>> = {
  aws: 'aws_s3_bucket',
  gcp: 'google_storage_bucket',
  azure: 'azurerm_storage_account',
};

export interface Found {
  readonly kind: BucketKind;
  readonly stack: ProvenStack;
  readonly bucket: Resource;
}

/** By the name that is derived for it, so that a renamed construct is still found and a renamed bucket is not. */
export function findBucket(world: World, kind: BucketKind): Found | undefined {
  const wanted = bucketName(world.environment, kind);
  const attribute = world.cloud === 'aws' ? 'bucket' : 'name';
  for (const stack of world.stacks) {
    const bucket = resourcesOf(stack.json, BUCKET_TYPES[world.cloud]).find(
      ({ attributes }) => at(attributes, attribute) === wanted,
    );
    if (bucket !== undefined) return { kind, stack, bucket };
  }
  return undefined;
}

/** A bucket that is not there keeps no promise. */
export function onBuckets(
  world: World,
  kinds: readonly BucketKind[],
  prove: (found: Found) => readonly Evidence[],
): readonly Evidence[] {
  return kinds.flatMap((kind) => {
    const found = findBucket(world, kind);
    if (found !== undefined) return prove(found);
    const [stack] = world.stacks;
    if (stack === undefined) return [];
    const address = `${BUCKET_TYPES[world.cloud]}.${kind}`;
    const told = { attribute: 'name', value: 'no such bucket', wanted: bucketName(world.environment, kind) };
    return [evidence(stack, { address }, false, told)];
  });
}

/** S3 spreads a bucket over a dozen resources: the one of this type that is about this bucket. */
export function companion({ stack, bucket }: Found, type: string): Resource | undefined {
  return resourcesOf(stack.json, type).find(
    ({ attributes }) => referred(stack.json, at(attributes, 'bucket'))?.id === bucket.id,
  );
}

/** What the environment locks: the audit records always, backups if it says so. */
export function lockedKinds({ environment }: World): readonly BucketKind[] {
  const { audit, backups } = environment.buckets;
  return [
    ...(audit.lock === 'Compliance' ? (['audit', 'auditReplica'] as const) : []),
    ...(backups.lock === 'Compliance' ? (['backups'] as const) : []),
    ...(backups.lock === 'Compliance' && backups.crossRegion ? (['backupsReplica'] as const) : []),
  ];
}

export const KEYRINGS: readonly BucketKind[] = ['keys', 'keysReplica'];
