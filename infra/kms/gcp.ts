import { KmsCryptoKey } from '@cdktf/provider-google/lib/kms-crypto-key/index.js';
import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member/index.js';
import { KmsKeyRing } from '@cdktf/provider-google/lib/kms-key-ring/index.js';
import { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import {
  computeAgent,
  containerAgent,
  databaseAgents,
  imagesAgent,
  loggingAgent,
  storageAgent,
} from '../support/agents.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import {
  KEY_TRAITS,
  type Key,
  type KeyPurpose,
  type KeyTraits,
  type KmsOutput,
  keysOf,
  type ResolvedKms,
} from './contract.js';

type GcpKms<P extends KeyPurpose> = ResolvedKms<P, GcpSite>;

const seconds = (days: number): string => `${days * 86_400}s`;

/** Neither rings nor keys can ever be deleted, only versions: a name that is used once stays used. */
export function buildGcpKms<P extends KeyPurpose>(unit: Construct, kms: GcpKms<P>): KmsOutput<P> {
  const ring = new KmsKeyRing(unit, 'ring', {
    project: kms.site.projectId,
    location: kms.site.region,
    name: checkName('gcp', 'keyStore', kms.name),
    lifecycle: GUARDED,
  });
  return {
    store: ring.id,
    keys: keysOf(kms.purposes, (purpose) =>
      purpose === 'tenant'
        ? {
            purpose,
            id: ring.id,
            pinnedId: ring.id,
            grantOn: ring.id,
            name: kms.name,
            address: addressOf(ring),
            ready: [],
          }
        : buildKey(new Construct(unit, purpose), kms, purpose, ring),
    ),
  };
}

function buildKey<P extends KeyPurpose>(scope: Construct, kms: GcpKms<P>, purpose: P, ring: KmsKeyRing): Key {
  const { usage, usedBy } = KEY_TRAITS[purpose];
  const protectionLevel = kms.protection === 'Hsm' ? 'HSM' : 'SOFTWARE';
  const key = new KmsCryptoKey(scope, 'key', {
    keyRing: ring.id,
    name: checkName('gcp', 'key', purpose),
    ...(usage === 'Sign'
      ? { purpose: 'ASYMMETRIC_SIGN', versionTemplate: { algorithm: 'EC_SIGN_P256_SHA256', protectionLevel } }
      : {
          purpose: 'ENCRYPT_DECRYPT',
          rotationPeriod: seconds(kms.rotationDays),
          versionTemplate: { algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION', protectionLevel },
        }),
    destroyScheduledDuration: seconds(kms.deletionWindowDays),
    labels: buildTags('gcp', kms.tags, purpose),
    lifecycle: GUARDED,
  });
  return {
    purpose,
    id: key.id,
    pinnedId: key.id,
    grantOn: key.id,
    name: purpose,
    address: addressOf(key),
    ready: Object.entries(agentsOf(usedBy, kms.site)).map(([id, member]) => grant(scope, id, key, member)),
  };
}

function agentsOf(usedBy: KeyTraits['usedBy'], site: GcpSite): Readonly<Record<string, string>> {
  switch (usedBy) {
    case 'Storage':
      return { storage: storageAgent(site) };
    case 'Objects':
      return { storage: storageAgent(site), images: imagesAgent(site) };
    case 'Databases':
      return databaseAgents(site);
    case 'Disks':
      return { compute: computeAgent(site) };
    case 'Cluster':
      return { container: containerAgent(site) };
    case 'Logs':
      return { logs: loggingAgent(site) };
    case 'Pods':
      return {};
  }
}

function grant(scope: Construct, id: string, key: KmsCryptoKey, member: string): KmsCryptoKeyIamMember {
  const role = 'roles/cloudkms.cryptoKeyEncrypterDecrypter';
  return new KmsCryptoKeyIamMember(scope, id, { cryptoKeyId: key.id, role, member });
}
