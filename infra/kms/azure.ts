import { KeyVault } from '@cdktf/provider-azurerm/lib/key-vault/index.js';
import { KeyVaultKey, type KeyVaultKeyRotationPolicy } from '@cdktf/provider-azurerm/lib/key-vault-key/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { AzureSite } from '../support/site.js';
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

type AzureKms<P extends KeyPurpose> = ResolvedKms<P, AzureSite>;

export function buildAzureKms<P extends KeyPurpose>(unit: Construct, kms: AzureKms<P>): KmsOutput<P> {
  const vault = buildVault(unit, kms);
  const officers = appointOfficer(unit, kms, vault);
  const courier = letSecretsIn(unit, kms, vault);
  return {
    store: vault.id,
    keys: keysOf(kms.purposes, (purpose) =>
      purpose === 'tenant'
        ? {
            purpose,
            id: vault.vaultUri,
            pinnedId: vault.vaultUri,
            grantOn: vault.id,
            name: kms.name,
            address: addressOf(vault),
            ready: [],
          }
        : buildKey(new Construct(unit, purpose), kms, purpose, vault, officers, courier),
    ),
  };
}

/**
 * The vault's own permissions, not the subscription's, decide who makes keys in it: without this the next call fails.
 * An officer may also unwrap, so a vault in which this stack makes no key, that of the tenants, has none.
 */
function appointOfficer<P extends KeyPurpose>(
  unit: Construct,
  { site, purposes }: AzureKms<P>,
  vault: KeyVault,
): readonly RoleAssignment[] {
  if (purposes.every((purpose) => purpose === 'tenant')) return [];
  return [
    new RoleAssignment(unit, 'officer', {
      scope: vault.id,
      roleDefinitionName: 'Key Vault Crypto Officer',
      principalId: site.deployPrincipalId,
    }),
  ];
}

/** The vault of the databases' key also keeps their administrators' secrets, which `deploy` writes. */
function letSecretsIn<P extends KeyPurpose>(
  unit: Construct,
  { site, purposes, copyOf }: AzureKms<P>,
  vault: KeyVault,
): readonly RoleAssignment[] {
  if (copyOf !== undefined || !purposes.some((purpose) => purpose === 'data')) return [];
  return [
    new RoleAssignment(unit, 'secrets_officer', {
      scope: vault.id,
      roleDefinitionName: 'Key Vault Secrets Officer',
      principalId: site.deployPrincipalId,
    }),
  ];
}

function buildVault<P extends KeyPurpose>(unit: Construct, kms: AzureKms<P>): KeyVault {
  return new KeyVault(unit, 'vault', {
    name: checkName('azure', 'keyStore', kms.name),
    resourceGroupName: kms.site.resourceGroup,
    location: kms.site.region,
    tenantId: kms.site.entraTenantId,
    // Keys in an HSM are in the premium tier only.
    skuName: kms.protection === 'Hsm' ? 'premium' : 'standard',
    rbacAuthorizationEnabled: true,
    purgeProtectionEnabled: true,
    softDeleteRetentionDays: kms.deletionWindowDays,
    publicNetworkAccessEnabled: false,
    // Storage fetches its key from outside every network of ours, as a trusted service.
    networkAcls: { defaultAction: 'Deny', bypass: 'AzureServices' },
    tags: buildTags('azure', kms.tags, 'keys'),
    lifecycle: GUARDED,
  });
}

function buildKey<P extends KeyPurpose>(
  scope: Construct,
  kms: AzureKms<P>,
  purpose: P,
  vault: KeyVault,
  officers: readonly RoleAssignment[],
  courier: readonly RoleAssignment[],
): Key {
  const hsm = kms.protection === 'Hsm' ? '-HSM' : '';
  const key = new KeyVaultKey(scope, 'key', {
    name: checkName('azure', 'key', purpose),
    keyVaultId: vault.id,
    ...(KEY_TRAITS[purpose].usage === 'Sign'
      ? { keyType: `EC${hsm}`, curve: 'P-256', keyOpts: ['sign', 'verify'] }
      : {
          keyType: `RSA${hsm}`,
          keySize: 3072,
          keyOpts: purpose === 'cluster' ? ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'] : ['wrapKey', 'unwrapKey'],
          rotationPolicy: rotation(kms, purpose),
        }),
    tags: buildTags('azure', kms.tags, purpose),
    dependsOn: [...officers],
    // Rotation sets the date; Terraform would take it away again.
    lifecycle: { ...GUARDED, ignoreChanges: ['expiration_date'] },
  });
  // Versionless, so that whoever uses the key follows its rotation.
  return {
    purpose,
    id: key.versionlessId,
    pinnedId: key.id,
    grantOn: key.resourceVersionlessId,
    name: purpose,
    address: addressOf(key),
    ready: purpose === 'data' ? courier : [],
  };
}

/** A version that is about to expire was not rotated: time to find out why. */
const NOTICE = 'P30D';

const PINNED: readonly KeyTraits['usedBy'][] = ['Databases', 'Cluster'];

/**
 * A version outlives its successor's birth by one whole period, so that nothing expires in use. Those of databases
 * and of the cluster never expire: Redis and the API server pin a version, and an expired one would be an outage.
 */
function rotation<P extends KeyPurpose>({ rotationDays }: AzureKms<P>, purpose: P): KeyVaultKeyRotationPolicy {
  const automatic = { timeAfterCreation: `P${rotationDays}D` };
  // The provider takes an end only with a notice of it.
  return PINNED.includes(KEY_TRAITS[purpose].usedBy)
    ? { automatic }
    : { automatic, expireAfter: `P${2 * rotationDays}D`, notifyBeforeExpiry: NOTICE };
}
