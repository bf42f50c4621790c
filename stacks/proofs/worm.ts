import type { BucketKind } from '../spec/names.js';
import { companion, type Found, KEYRINGS, lockedKinds, onBuckets } from './buckets.js';
import { type Evidence, evidence, type Rule, type Verdict, type World } from './rule.js';
import { at, type Json, referred, resourcesOf, shown } from './terraform-json.js';
import { replicaRule } from './worm-replica.js';

const DAY = 86_400;

/** What the three clouds call a lock that nobody takes off. */
interface Lock {
  readonly verdict: Verdict;
  readonly attribute: string;
  readonly value: string;
  readonly wanted: string;
  readonly days: number;
}

function lockOf(world: World, found: Found): Lock {
  switch (world.cloud) {
    case 'aws':
      return awsLock(found);
    case 'gcp':
      return gcpLock(found);
    case 'azure':
      return azureLock(world, found);
  }
}

function awsLock(found: Found): Lock {
  const lock = companion(found, 'aws_s3_bucket_object_lock_configuration');
  const retention = at(lock?.attributes, 'rule', 'default_retention');
  const mode = at(retention, 'mode');
  return {
    verdict: mode === 'COMPLIANCE' ? 'pass' : 'fail',
    attribute: 'object_lock_configuration.rule.default_retention.mode',
    value: shown(mode),
    wanted: 'COMPLIANCE, which nobody can take off or shorten, root included',
    days: Number(at(retention, 'days') ?? 0),
  };
}

function gcpLock({ bucket }: Found): Lock {
  const policy = at(bucket.attributes, 'retention_policy');
  return {
    verdict: at(policy, 'is_locked') === true ? 'pass' : 'fail',
    attribute: 'retention_policy.is_locked',
    value: shown(at(policy, 'is_locked')),
    wanted: 'true, which cannot be taken back',
    days: Number(at(policy, 'retention_period') ?? 0) / DAY,
  };
}

/** A policy cannot be made locked: between the two applies the promise is not kept, and that is said. */
function azureLock({ environment: { place } }: World, { bucket }: Found): Lock {
  const policy = at(bucket.attributes, 'immutability_policy');
  const state = at(policy, 'state');
  const first = place.cloud === 'azure' && place.immutability === 'Unlocked' && state === 'Unlocked';
  return {
    verdict: state === 'Locked' ? 'pass' : first ? 'warn' : 'fail',
    attribute: 'immutability_policy.state',
    value: shown(state),
    wanted: first ? 'Locked: set place.immutability and apply a second time' : 'Locked',
    days: Number(at(policy, 'period_since_creation_in_days') ?? 0),
  };
}

const onLocked = (world: World, prove: (found: Found) => readonly Evidence[]): readonly Evidence[] =>
  onBuckets(world, lockedKinds(world), prove);

const lock: Rule = {
  id: 'WORM-LOCK',
  title: 'What was written to an audit or backup bucket stays: the lock is of the kind that nobody takes off',
  topic: 'worm',
  scanners: ['CKV_AWS_143', 'CKV2_GCP_4'],
  remedy: 'set buckets.*.lock to Compliance; on Azure apply twice, the second time with immutability Locked',
  prove: (world) =>
    onLocked(world, (found) => {
      const { verdict, attribute, value, wanted } = lockOf(world, found);
      return [{ verdict, stack: found.stack.name, address: found.bucket.address, attribute, value, wanted }];
    }),
};

function floorDays({ environment: { buckets } }: World, kind: BucketKind): number {
  return kind.startsWith('audit') ? buckets.audit.floorDays : buckets.backups.floorDays;
}

const floor: Rule = {
  id: 'WORM-FLOOR',
  title: 'The lock lasts for as long as the environment says, and audit records of production for a year at least',
  topic: 'worm',
  scanners: [],
  remedy: 'set buckets.audit.floorDays to 365 or more, buckets.backups.floorDays to what restores need',
  prove: (world) =>
    onLocked(world, (found) => {
      const least = Math.max(floorDays(world, found.kind), found.kind.startsWith('audit') ? 365 : 1);
      const { days } = lockOf(world, found);
      const told = { attribute: 'days of the lock', value: String(days), wanted: `at least ${least}` };
      return [evidence(found.stack, found.bucket, days >= least, told)];
    }),
};

/** AWS learns it at birth only, and takes a lock configuration without it at plan. */
const born: Rule = {
  id: 'WORM-BORN',
  title: 'A bucket with a lock was made for one: object lock from birth, versions on',
  topic: 'worm',
  scanners: ['CKV_AWS_21', 'AWS-0090'],
  remedy: 'set object_lock_enabled when the bucket is made; it cannot be added later',
  prove: (world) =>
    onLocked(world, (found) =>
      bornWith(world, found).map(([attribute, value, wanted]) =>
        evidence(found.stack, found.bucket, value === wanted, {
          attribute,
          value: shown(value),
          wanted: shown(wanted),
        }),
      ),
    ),
};

function bornWith({ cloud }: World, found: Found): readonly (readonly [string, Json | undefined, Json])[] {
  const { attributes } = found.bucket;
  switch (cloud) {
    case 'aws':
      return [
        ['object_lock_enabled', at(attributes, 'object_lock_enabled'), true],
        [
          'versioning_configuration.status',
          at(companion(found, 'aws_s3_bucket_versioning')?.attributes, 'versioning_configuration', 'status'),
          'Enabled',
        ],
      ];
    case 'gcp':
      return [['enable_object_retention', at(attributes, 'enable_object_retention'), true]];
    case 'azure':
      return [
        ['blob_properties.versioning_enabled', at(attributes, 'blob_properties', 'versioning_enabled'), true],
        [
          'immutability_policy.allow_protected_append_writes',
          at(attributes, 'immutability_policy', 'allow_protected_append_writes'),
          false,
        ],
      ];
  }
}

/** The other way round: a keyring that is destroyed must be gone, in this region and in the other. */
const erasable: Rule = {
  id: 'KEYRING-ERASABLE',
  title: 'A destroyed keyring is gone: no lock, no versions, no bin',
  topic: 'keys',
  scanners: [],
  remedy: 'leave versioning, soft delete and locks off on the buckets of keyrings',
  prove: (world) =>
    onBuckets(world, KEYRINGS, (found) =>
      keptBy(world, found).map(([attribute, value, gone]) =>
        evidence(found.stack, found.bucket, gone, { attribute, value: shown(value), wanted: 'off' }),
      ),
    ),
};

const off = (attribute: string, value: Json | undefined): readonly [string, Json | undefined, boolean] => [
  attribute,
  value,
  value === undefined || value === false,
];

function keptBy({ cloud }: World, found: Found): readonly (readonly [string, Json | undefined, boolean])[] {
  const { attributes } = found.bucket;
  switch (cloud) {
    case 'aws': {
      const versions = companion(found, 'aws_s3_bucket_versioning')?.attributes;
      const status = at(versions, 'versioning_configuration', 'status');
      const locked = at(attributes, 'object_lock_enabled');
      return [
        ['versioning_configuration.status', status, status === 'Disabled'],
        ['object_lock_enabled', locked, locked !== true],
      ];
    }
    case 'gcp': {
      const bin = at(attributes, 'soft_delete_policy', 'retention_duration_seconds');
      return [
        off('versioning.enabled', at(attributes, 'versioning', 'enabled')),
        ['soft_delete_policy.retention_duration_seconds', bin, bin === 0],
        off('retention_policy', at(attributes, 'retention_policy')),
      ];
    }
    case 'azure': {
      const blobs = at(attributes, 'blob_properties');
      return [
        off('blob_properties.versioning_enabled', at(blobs, 'versioning_enabled')),
        off('blob_properties.delete_retention_policy', at(blobs, 'delete_retention_policy')),
        off('immutability_policy', at(attributes, 'immutability_policy')),
      ];
    }
  }
}

/** Whoever may delete the account deletes what is in it, unless a lock of the resource manager is in the way. */
const account: Rule = {
  id: 'WORM-ACCOUNT',
  title: 'On Azure a lock keeps the account itself from being deleted',
  topic: 'worm',
  scanners: [],
  remedy: 'put a CanNotDelete lock on the account',
  prove: (world) =>
    world.cloud !== 'azure'
      ? []
      : onBuckets(world, [...lockedKinds(world), ...KEYRINGS], ({ stack, bucket }) => {
          const locks = resourcesOf(stack.json, 'azurerm_management_lock').filter(
            ({ attributes }) => referred(stack.json, at(attributes, 'scope'))?.id === bucket.id,
          );
          const level = at(locks[0]?.attributes, 'lock_level');
          const told = { attribute: 'management_lock', value: shown(level), wanted: 'CanNotDelete' };
          return [evidence(stack, bucket, level === 'CanNotDelete', told)];
        }),
};

export const wormRules: readonly Rule[] = [lock, floor, born, replicaRule, erasable, account];
