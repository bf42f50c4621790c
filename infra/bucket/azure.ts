import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock/index.js';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import { StorageAccount, type StorageAccountConfig } from '@cdktf/provider-azurerm/lib/storage-account/index.js';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container/index.js';
import { StorageManagementPolicy } from '@cdktf/provider-azurerm/lib/storage-management-policy/index.js';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildAzureLifecycleRules } from './azure-lifecycle.js';
import type { BucketOutput, ResolvedBucket } from './contract.js';

type AzureBucket = ResolvedBucket<AzureSite>;

/** One storage account a bucket: keys, immutability and versions are settings of the account, not of a container. */
export function buildAzureBucket(unit: Construct, config: AzureBucket): BucketOutput {
  const account = new StorageAccount(unit, 'bucket', {
    ...access(config),
    ...encryption(unit, config),
    blobProperties: recovery(config),
    ...immutability(config),
  });
  account.overrideLogicalId(unit.node.id);
  const container = new StorageContainer(unit, 'container', {
    name: checkName('azure', 'container', config.container),
    // By id, not by name: that form would need the data plane, which is not public.
    storageAccountId: account.id,
    containerAccessType: 'private',
    lifecycle: GUARDED,
  });
  const rule = buildAzureLifecycleRules(config);
  if (rule.length > 0) new StorageManagementPolicy(unit, 'lifecycle', { storageAccountId: account.id, rule });
  logAccess(unit, config, account);
  new ManagementLock(unit, 'lock', {
    name: `${config.name}-keep`,
    scope: account.id,
    lockLevel: 'CanNotDelete',
    notes: `memplane ${config.purpose}: deleting the account deletes its data`,
  });
  return {
    name: container.name,
    region: config.site.region,
    endpoint: account.primaryBlobEndpoint,
    lockDays: config.lock.floorDays,
    id: account.id,
    grantOn: container.id,
    logTarget: account.id,
    address: addressOf(account),
    ready: [container],
  };
}

function access(config: AzureBucket): StorageAccountConfig {
  return {
    name: checkName('azure', 'bucket', config.name),
    resourceGroupName: config.site.resourceGroup,
    location: config.site.region,
    accountKind: 'StorageV2',
    accountTier: 'Standard',
    accountReplicationType: 'ZRS',
    httpsTrafficOnlyEnabled: true,
    minTlsVersion: 'TLS1_2',
    publicNetworkAccessEnabled: false,
    networkRules: { defaultAction: 'Deny', bypass: ['AzureServices', 'Logging'] },
    allowNestedItemsToBePublic: false,
    sharedAccessKeyEnabled: false,
    defaultToOauthAuthentication: true,
    localUserEnabled: false,
    crossTenantReplicationEnabled: false,
    allowedCopyScope: 'AAD',
    sasPolicy: { expirationPeriod: '00.01:00:00', expirationAction: 'Block' },
    tags: buildTags('azure', config.tags, config.purpose),
    lifecycle: GUARDED,
  };
}

type Encryption = Pick<
  StorageAccountConfig,
  'infrastructureEncryptionEnabled' | 'identity' | 'customerManagedKey' | 'dependsOn'
>;

/** The account fetches its key as an identity of its own, which may wrap and unwrap with that one key. */
function encryption(unit: Construct, { site, name, key, tags, purpose }: AzureBucket): Encryption {
  if (key === undefined) return { infrastructureEncryptionEnabled: true };
  const identity = new UserAssignedIdentity(unit, 'identity', {
    name: `${name}-key`,
    resourceGroupName: site.resourceGroup,
    location: site.region,
    tags: buildTags('azure', tags, purpose),
  });
  const mayWrap = new RoleAssignment(unit, 'may_wrap', {
    scope: key.grantOn,
    roleDefinitionName: 'Key Vault Crypto Service Encryption User',
    principalId: identity.principalId,
  });
  return {
    infrastructureEncryptionEnabled: true,
    identity: { type: 'UserAssigned', identityIds: [identity.id] },
    customerManagedKey: { keyVaultKeyId: key.id, userAssignedIdentityId: identity.id },
    dependsOn: [mayWrap, ...key.ready],
  };
}

/** All off for keys: an erased key must not be in a version, a change feed or a bin. */
function recovery({ traits, lifecycle }: AzureBucket): NonNullable<StorageAccountConfig['blobProperties']> {
  if (!traits.versioned) return { versioningEnabled: false, changeFeedEnabled: false };
  return {
    versioningEnabled: true,
    changeFeedEnabled: true,
    deleteRetentionPolicy: { days: lifecycle.noncurrentDays },
    containerDeleteRetentionPolicy: { days: lifecycle.noncurrentDays },
  };
}

/** Governance has no counterpart here but a policy that can still be taken back. */
function immutability({ site, lock }: AzureBucket): Pick<StorageAccountConfig, 'immutabilityPolicy'> {
  if (lock.mode === 'None') return {};
  return {
    immutabilityPolicy: {
      periodSinceCreationInDays: lock.floorDays,
      allowProtectedAppendWrites: false,
      state: lock.mode === 'Compliance' ? site.immutability : 'Unlocked',
    },
  };
}

function logAccess(unit: Construct, { name, logsTo }: AzureBucket, account: StorageAccount): void {
  if (logsTo === undefined) return;
  new MonitorDiagnosticSetting(unit, 'logging', {
    name: `${name}-access`,
    targetResourceId: `${account.id}/blobServices/default`,
    storageAccountId: logsTo,
    enabledLog: ['StorageRead', 'StorageWrite', 'StorageDelete'].map((category) => ({ category })),
  });
}
