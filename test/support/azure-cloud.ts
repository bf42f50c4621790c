import { azureAssignments } from './azure-assignments.js';
import { azureNetwork } from './azure-network.js';
import { azureServices } from './azure-services.js';
import { azureStorage } from './azure-storage.js';
import { azureWatch } from './azure-watch.js';
import type { Answers } from './cloud-facts.js';
import { attributesOf, first, named, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

const SUBSCRIPTION = '/subscriptions/';

/** What Resource Manager would say after an apply of these stacks, in the shapes of its reference. */
export function azureAnswers(stacks: readonly StackJson[]): Answers {
  return Object.assign({}, ...stacks.map(answersOf), azureAssignments(stacks));
}

function answersOf(stack: StackJson): Answers {
  const subscription = String((stack.provider as Record<string, readonly Attributes[]>).azurerm?.[0]?.subscription_id);
  const path = (one: Attributes, type: string): string =>
    `${SUBSCRIPTION}${subscription}/resourceGroups/${named(stack, one.resource_group_name)}/providers/${type}/${one.name}`;
  const keyUrl = (expression: unknown): string => {
    const key = referred(stack, expression);
    return `https://${referred(stack, key.key_vault_id).name}.vault.azure.net/keys/${key.name}/0123456789abcdef`;
  };
  const vaults = attributesOf(stack, 'azurerm_key_vault').map(([, one]) => [
    path(one, 'Microsoft.KeyVault/vaults'),
    vault(one),
  ]);
  const keys = attributesOf(stack, 'azurerm_key_vault_key').map(([, one]) => [
    `${path(referred(stack, one.key_vault_id), 'Microsoft.KeyVault/vaults')}/keys/${one.name}`,
    key(one),
  ]);
  const accounts = attributesOf(stack, 'azurerm_storage_account').map(([, one]) => [
    path(one, 'Microsoft.Storage/storageAccounts'),
    account(one, keyUrl(first(one.customer_managed_key).key_vault_key_id)),
  ]);
  const parametersOf = (address: string) =>
    attributesOf(stack, 'azurerm_postgresql_flexible_server_configuration')
      .filter(([, { server_id }]) => String(server_id).startsWith(`\${${address}.`))
      .map(([, { name, value }]) => ({ name, properties: { value, source: 'user-override' } }));
  const sourceOf = (address: string, one: Attributes): string =>
    /^\$\{([^.]+\.[^.]+)/.exec(String(one.source_server_id))?.[1] ?? address;
  const servers = attributesOf(stack, 'azurerm_postgresql_flexible_server').flatMap(([address, one]) => {
    const at = path(one, 'Microsoft.DBforPostgreSQL/flexibleServers');
    return [
      [at, server(stack, one, keyUrl)],
      // What nobody set is told as well.
      [
        `${at}/configurations`,
        { value: [{ name: 'work_mem', properties: {} }, ...parametersOf(sourceOf(address, one))] },
      ],
    ];
  });
  const caches = attributesOf(stack, 'azurerm_managed_redis').flatMap(([, one]) => {
    const at = path(one, 'Microsoft.Cache/redisEnterprise');
    return [
      [at, cache(one, keyUrl(first(one.customer_managed_key).key_vault_key_id))],
      [`${at}/databases/default`, cacheDatabase(first(one.default_database))],
    ];
  });
  const names = { path, keyUrl, subscription };
  const services = [
    ...azureServices(stack, names),
    ...azureWatch(stack, names),
    ...azureNetwork(stack, names),
    ...azureStorage(stack, names),
  ];
  return Object.fromEntries([...vaults, ...keys, ...accounts, ...servers, ...caches, ...services]);
}

const vault = (one: Attributes): unknown => ({
  properties: {
    enablePurgeProtection: one.purge_protection_enabled,
    softDeleteRetentionInDays: one.soft_delete_retention_days,
    publicNetworkAccess: one.public_network_access_enabled === false ? 'Disabled' : 'Enabled',
    enableRbacAuthorization: one.rbac_authorization_enabled,
    networkAcls: {
      defaultAction: first(one.network_acls).default_action,
      bypass: first(one.network_acls).bypass,
      ipRules: [],
      virtualNetworkRules: [],
    },
    sku: { family: 'A', name: String(one.sku_name) },
  },
});

const key = (one: Attributes): unknown => ({
  properties: {
    attributes: { enabled: true },
    kty: one.key_type,
    keyOps: one.key_opts,
    ...(one.curve === undefined ? {} : { curveName: one.curve }),
    ...(one.key_size === undefined ? {} : { keySize: one.key_size }),
    ...(one.rotation_policy === undefined
      ? {}
      : {
          rotationPolicy: {
            attributes: { expiryTime: first(one.rotation_policy).expire_after },
            lifetimeActions: [
              {
                trigger: { timeBeforeExpiry: first(one.rotation_policy).notify_before_expiry },
                action: { type: 'notify' },
              },
              {
                trigger: { timeAfterCreate: first(first(one.rotation_policy).automatic).time_after_creation },
                action: { type: 'rotate' },
              },
            ],
          },
        }),
  },
});

const account = (one: Attributes, url: string): unknown => ({
  sku: { name: `${one.account_tier}_${one.account_replication_type}` },
  properties: {
    encryption: {
      keySource: 'Microsoft.Keyvault',
      requireInfrastructureEncryption: one.infrastructure_encryption_enabled,
      keyvaultproperties: {
        keyvaulturi: new URL(url).origin,
        keyname: new URL(url).pathname.split('/')[2],
        currentVersionedKeyIdentifier: url,
      },
    },
    supportsHttpsTrafficOnly: one.https_traffic_only_enabled,
    minimumTlsVersion: one.min_tls_version,
    allowSharedKeyAccess: one.shared_access_key_enabled,
    allowBlobPublicAccess: one.allow_nested_items_to_be_public,
    allowCrossTenantReplication: one.cross_tenant_replication_enabled,
    allowedCopyScope: one.allowed_copy_scope,
    isLocalUserEnabled: one.local_user_enabled,
    networkAcls: {
      defaultAction: first(one.network_rules).default_action,
      bypass: (first(one.network_rules).bypass as readonly string[]).join(', '),
      ipRules: [],
    },
    sasPolicy: { sasExpirationPeriod: '00.01:00:00', expirationAction: first(one.sas_policy).expiration_action },
    publicNetworkAccess: one.public_network_access_enabled === false ? 'Disabled' : 'Enabled',
    ...(one.immutability_policy === undefined
      ? {}
      : {
          immutableStorageWithVersioning: {
            enabled: true,
            immutabilityPolicy: {
              immutabilityPeriodSinceCreationInDays: first(one.immutability_policy).period_since_creation_in_days,
              state: first(one.immutability_policy).state,
              allowProtectedAppendWrites: false,
            },
          },
        }),
  },
});

function server(stack: StackJson, one: Attributes, keyUrl: (expression: unknown) => string): unknown {
  const keys = first(one.customer_managed_key);
  const geo = keys.geo_backup_key_vault_key_id;
  return {
    properties: {
      dataEncryption: {
        type: 'AzureKeyVault',
        primaryKeyURI: keyUrl(keys.key_vault_key_id),
        ...(geo === undefined ? {} : { geoBackupKeyURI: keyUrl(geo) }),
      },
      backup: {
        backupRetentionDays: one.backup_retention_days,
        geoRedundantBackup: one.geo_redundant_backup_enabled === true ? 'Enabled' : 'Disabled',
      },
      highAvailability: { mode: first(one.high_availability).mode ?? 'Disabled' },
      network: {
        publicNetworkAccess: one.public_network_access_enabled === false ? 'Disabled' : 'Enabled',
        delegatedSubnetResourceId: `/subscriptions/s/x/subnets/${referred(stack, one.delegated_subnet_id).name}`,
      },
      authConfig: {
        activeDirectoryAuth: first(one.authentication).active_directory_auth_enabled === true ? 'Enabled' : 'Disabled',
        passwordAuth: first(one.authentication).password_auth_enabled === false ? 'Disabled' : 'Enabled',
      },
    },
  };
}

const cache = (one: Attributes, url: string): unknown => ({
  properties: {
    highAvailability: one.high_availability_enabled === false ? 'Disabled' : 'Enabled',
    publicNetworkAccess: one.public_network_access,
    encryption: { customerManagedKeyEncryption: { keyEncryptionKeyUrl: url } },
  },
});

const cacheDatabase = (one: Attributes): unknown => ({
  properties: {
    clientProtocol: one.client_protocol,
    evictionPolicy: one.eviction_policy,
    accessKeysAuthentication: one.access_keys_authentication_enabled === true ? 'Enabled' : 'Disabled',
    persistence: { rdbEnabled: true, rdbFrequency: one.persistence_redis_database_backup_frequency },
  },
});
