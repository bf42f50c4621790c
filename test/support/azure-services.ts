import { attributesOf, first, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

type Answered = readonly (readonly [path: string, body: unknown])[];

/** How a stack's resources and keys are called after an apply. */
export interface AzureNames {
  readonly path: (one: Attributes, type: string) => string;
  readonly keyUrl: (expression: unknown) => string;
  readonly subscription: string;
}

/** Queues, secrets, images, clusters, logs and locks, in the shapes of Resource Manager's reference. */
export const azureServices = (stack: StackJson, names: AzureNames): Answered => [
  ...each(stack, 'azurerm_servicebus_namespace', names, 'Microsoft.ServiceBus/namespaces', queue),
  ...each(stack, 'azurerm_container_registry', names, 'Microsoft.ContainerRegistry/registries', images),
  ...each(
    stack,
    'azurerm_kubernetes_cluster',
    names,
    'Microsoft.ContainerService/managedClusters',
    cluster(stack, names),
  ),
  ...each(stack, 'azurerm_disk_encryption_set', names, 'Microsoft.Compute/diskEncryptionSets', disks),
  ...each(stack, 'azurerm_log_analytics_workspace', names, 'Microsoft.OperationalInsights/workspaces', logs),
  ...each(stack, 'azurerm_monitor_workspace', names, 'Microsoft.Monitor/accounts', () => ({
    properties: { publicNetworkAccess: 'Disabled' },
  })),
  ...attributesOf(stack, 'azurerm_key_vault_secret').map(
    ([, one]) =>
      [
        `${names.path(referred(stack, one.key_vault_id), 'Microsoft.KeyVault/vaults')}/secrets/${one.name}`,
        { properties: { attributes: { enabled: true }, contentType: one.content_type } },
      ] as const,
  ),
  ...attributesOf(stack, 'azurerm_servicebus_queue').map(
    ([, one]) =>
      [
        `${names.path(referred(stack, one.namespace_id), 'Microsoft.ServiceBus/namespaces')}/queues/${one.name}`,
        {
          properties: {
            defaultMessageTimeToLive: one.default_message_ttl,
            // What was given in seconds comes back in minutes.
            lockDuration: String(one.lock_duration).replace('PT300S', 'PT5M'),
            maxDeliveryCount: one.max_delivery_count,
            deadLetteringOnMessageExpiration: true,
          },
        },
      ] as const,
  ),
  ...attributesOf(stack, 'azurerm_kubernetes_cluster_node_pool').map(
    ([, one]) =>
      [
        `${names.path(referred(stack, one.kubernetes_cluster_id), 'Microsoft.ContainerService/managedClusters')}/agentPools/${one.name}`,
        {
          properties: {
            enableEncryptionAtHost: one.host_encryption_enabled,
            enableNodePublicIP: false,
            osSKU: one.os_sku,
            vnetSubnetID: `/subscriptions/s/x/subnets/${referred(stack, one.vnet_subnet_id).name}`,
            ...(one.node_taints === undefined ? {} : { nodeTaints: one.node_taints }),
          },
        },
      ] as const,
  ),
  ...locks(stack, names),
];

const each = (
  stack: StackJson,
  type: string,
  names: AzureNames,
  provider: string,
  answer: (one: Attributes, names: AzureNames) => unknown,
): Answered => attributesOf(stack, type).map(([, one]) => [names.path(one, provider), answer(one, names)] as const);

const queue = (one: Attributes, { keyUrl }: AzureNames): unknown => {
  const url = new URL(keyUrl(first(one.customer_managed_key).key_vault_key_id));
  const key = { keyName: url.pathname.split('/')[2], keyVaultUri: url.origin, keyVersion: '' };
  return {
    sku: { name: one.sku, tier: one.sku, capacity: 1 },
    properties: {
      encryption: { keySource: 'Microsoft.KeyVault', keyVaultProperties: [key], requireInfrastructureEncryption: true },
      minimumTlsVersion: one.minimum_tls_version,
      disableLocalAuth: one.local_auth_enabled === false,
      publicNetworkAccess: 'Disabled',
    },
  };
};

const images = (one: Attributes, { keyUrl }: AzureNames): unknown => ({
  properties: {
    encryption: {
      status: 'enabled',
      keyVaultProperties: { keyIdentifier: keyUrl(first(one.encryption).key_vault_key_id) },
    },
    publicNetworkAccess: one.public_network_access_enabled === false ? 'Disabled' : 'Enabled',
    anonymousPullEnabled: one.anonymous_pull_enabled,
    adminUserEnabled: one.admin_enabled,
    networkRuleBypassOptions: one.network_rule_bypass_option,
    policies: {
      retentionPolicy: { status: 'enabled', days: one.retention_policy_in_days },
      exportPolicy: { status: one.export_policy_enabled === false ? 'disabled' : 'enabled' },
    },
  },
});

const cluster =
  (stack: StackJson, { path, keyUrl }: AzureNames) =>
  (one: Attributes): unknown => {
    const kms = first(one.key_management_service);
    const set = referred(stack, one.disk_encryption_set_id);
    return {
      sku: { name: 'Base', tier: one.sku_tier },
      properties: {
        diskEncryptionSetID: path(set, 'Microsoft.Compute/diskEncryptionSets'),
        disableLocalAccounts: one.local_account_disabled,
        addonProfiles: { azurepolicy: { enabled: one.azure_policy_enabled } },
        agentPoolProfiles: [{ name: 'system1', mode: 'System', enableEncryptionAtHost: true }],
        aadProfile: {
          managed: true,
          enableAzureRBAC: first(one.azure_active_directory_role_based_access_control).azure_rbac_enabled,
          adminGroupObjectIDs: first(one.azure_active_directory_role_based_access_control).admin_group_object_ids,
        },
        apiServerAccessProfile: {
          enablePrivateCluster: one.private_cluster_enabled,
          disableRunCommand: one.run_command_enabled === false,
        },
        securityProfile: {
          azureKeyVaultKms: {
            enabled: true,
            keyId: keyUrl(kms.key_vault_key_id),
            keyVaultNetworkAccess: kms.key_vault_network_access,
          },
          workloadIdentity: { enabled: one.workload_identity_enabled },
        },
      },
    };
  };

const disks = (one: Attributes, { keyUrl }: AzureNames): unknown => ({
  properties: {
    activeKey: { keyUrl: keyUrl(one.key_vault_key_id) },
    encryptionType: one.encryption_type,
    rotationToLatestKeyVersionEnabled: one.auto_key_rotation_enabled,
  },
});

const logs = (one: Attributes): unknown => ({
  properties: {
    retentionInDays: one.retention_in_days,
    features: { disableLocalAuth: one.local_authentication_enabled === false },
    publicNetworkAccessForIngestion: one.internet_ingestion_enabled === false ? 'Disabled' : 'Enabled',
  },
});

const PROVIDERS: Readonly<Record<string, string>> = {
  azurerm_storage_account: 'Microsoft.Storage/storageAccounts',
  azurerm_postgresql_flexible_server: 'Microsoft.DBforPostgreSQL/flexibleServers',
  azurerm_managed_redis: 'Microsoft.Cache/redisEnterprise',
  azurerm_kubernetes_cluster: 'Microsoft.ContainerService/managedClusters',
};

/** The lock of a group stands below the group; each other below its resource. */
const locks = (stack: StackJson, { path, subscription }: AzureNames): Answered =>
  attributesOf(stack, 'azurerm_management_lock').map(([, lock]) => {
    const type = /^\$\{(\w+)\./.exec(String(lock.scope))?.[1] ?? '';
    const group = `/subscriptions/${subscription}/resourceGroups/${lock.name}`;
    const scope = PROVIDERS[type] === undefined ? group : path(referred(stack, lock.scope), PROVIDERS[type]);
    const body = { properties: { level: lock.lock_level, notes: lock.notes } };
    return [`${scope}/providers/Microsoft.Authorization/locks/${lock.name}`, body] as const;
  });
