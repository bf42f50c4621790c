import { KmsAlias } from '@cdktf/provider-aws/lib/kms-alias/index.js';
import { KmsKey } from '@cdktf/provider-aws/lib/kms-key/index.js';
import { KmsReplicaKey } from '@cdktf/provider-aws/lib/kms-replica-key/index.js';
import { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { buildName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildKeyPolicy } from './aws-policy.js';
import { KEY_TRAITS, type Key, type KeyPurpose, type KmsOutput, keysOf, type ResolvedKms } from './contract.js';

type AwsKms<P extends KeyPurpose> = ResolvedKms<P, AwsSite>;

export function buildAwsKms<P extends KeyPurpose>(unit: Construct, kms: AwsKms<P>): KmsOutput<P> {
  const keys = keysOf(kms.purposes, (purpose) => buildKey(new Construct(unit, purpose), kms, purpose));
  return { keys, store: kms.name };
}

function buildKey<P extends KeyPurpose>(scope: Construct, kms: AwsKms<P>, purpose: P): Key {
  const name = buildName('aws', 'key', [`alias/${kms.name}`, purpose]);
  const original = kms.copyOf?.keys[purpose];
  const key = original === undefined ? newKey(scope, kms, purpose) : replicaOf(scope, kms, purpose, original);
  new KmsAlias(scope, 'alias', { ...providerOf(kms.site), name, targetKeyId: key.keyId });
  return { purpose, id: key.arn, pinnedId: key.arn, grantOn: key.arn, name, address: addressOf(key), ready: [] };
}

function newKey<P extends KeyPurpose>(scope: Construct, kms: AwsKms<P>, purpose: P): KmsKey {
  const signs = KEY_TRAITS[purpose].usage === 'Sign';
  return new KmsKey(scope, 'key', {
    ...providerOf(kms.site),
    description: `memplane ${purpose}`,
    ...(signs
      ? // AWS cannot rotate asymmetric keys; a new anchor key is a new key.
        { keyUsage: 'SIGN_VERIFY', customerMasterKeySpec: 'ECC_NIST_P256' }
      : { enableKeyRotation: true, rotationPeriodInDays: kms.rotationDays }),
    deletionWindowInDays: kms.deletionWindowDays,
    // Cannot be turned on later, and a key without it can have no second region.
    multiRegion: true,
    bypassPolicyLockoutSafetyCheck: false,
    policy: buildKeyPolicy(kms.site, purpose),
    tags: buildTags('aws', kms.tags, purpose),
    lifecycle: GUARDED,
  });
}

/** Rotation, usage and spec come from the original; the policy does not. */
function replicaOf<P extends KeyPurpose>(scope: Construct, kms: AwsKms<P>, purpose: P, original: Key): KmsReplicaKey {
  return new KmsReplicaKey(scope, 'key', {
    ...providerOf(kms.site),
    description: `memplane ${purpose}, second region`,
    primaryKeyArn: original.id,
    deletionWindowInDays: kms.deletionWindowDays,
    bypassPolicyLockoutSafetyCheck: false,
    policy: buildKeyPolicy(kms.site, purpose),
    tags: buildTags('aws', kms.tags, purpose),
    lifecycle: GUARDED,
  });
}
