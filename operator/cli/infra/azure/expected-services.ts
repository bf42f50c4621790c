import { block, type GraphResource, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { numberAt, textAt } from '../rest.js';
import type { Target } from '../target.js';
import { customerKey, idOf, keyOf } from './expected-target.js';

/** What keeps something beside accounts and databases, what runs it all, and what nobody may take away. */
export function expectOfServices(graph: StackGraph): readonly Target[] {
  const each = (type: string, of: (graph: StackGraph, one: GraphResource) => Target) =>
    graph.of(type).map((one) => of(graph, one));
  return [
    ...each('azurerm_servicebus_namespace', queueTarget),
    ...each('azurerm_key_vault_secret', secretTarget),
    ...each('azurerm_container_registry', imagesTarget),
    ...each('azurerm_kubernetes_cluster', clusterTarget),
    ...each('azurerm_disk_encryption_set', disksTarget),
    ...each('azurerm_log_analytics_workspace', logTarget),
    ...each('azurerm_monitor_workspace', metricsTarget),
    ...graph.of('azurerm_management_lock').flatMap((one) => lockTarget(graph, one)),
  ];
}

const queueTarget = (graph: StackGraph, queue: GraphResource): Target =>
  target(graph, queue, 'queue', idOf(graph, queue, 'Microsoft.ServiceBus/namespaces'), {
    'encryption key': customerKey(graph, queue),
    'encrypted twice': block(queue.attributes.customer_managed_key)?.infrastructure_encryption_enabled === true,
    'TLS minimum': textAt(queue.attributes, 'minimum_tls_version'),
    'shared keys': queue.attributes.local_auth_enabled !== false,
    public: queue.attributes.public_network_access_enabled !== false,
    tier: textAt(queue.attributes, 'sku'),
  });

/** Its existence alone: the value is nobody's to read. */
function secretTarget(graph: StackGraph, secret: GraphResource): Target {
  const vault = graph.referred(secret.attributes.key_vault_id);
  const id = vault === undefined ? '' : idOf(graph, vault, 'Microsoft.KeyVault/vaults');
  return target(graph, secret, 'secret', `${id}/secrets/${secret.attributes.name}`, {
    enabled: true,
    type: textAt(secret.attributes, 'content_type'),
  });
}

const imagesTarget = (graph: StackGraph, images: GraphResource): Target =>
  target(graph, images, 'images', idOf(graph, images, 'Microsoft.ContainerRegistry/registries'), {
    'encryption key': keyOf(graph, block(images.attributes.encryption)?.key_vault_key_id),
    public: images.attributes.public_network_access_enabled !== false,
    'pulled by anybody': images.attributes.anonymous_pull_enabled === true,
    'a password': images.attributes.admin_enabled === true,
    'carried elsewhere': images.attributes.export_policy_enabled !== false,
  });

function clusterTarget(graph: StackGraph, cluster: GraphResource): Target {
  const { attributes } = cluster;
  const kms = block(attributes.key_management_service);
  const disks = graph.referred(attributes.disk_encryption_set_id);
  return target(graph, cluster, 'cluster', idOf(graph, cluster, 'Microsoft.ContainerService/managedClusters'), {
    'encryption key': keyOf(graph, kms?.key_vault_key_id),
    'key reached': textAt(kms, 'key_vault_network_access'),
    disks: disks === undefined ? undefined : String(disks.attributes.name),
    private: attributes.private_cluster_enabled === true,
    'local accounts': attributes.local_account_disabled !== true,
    'roles of Azure': block(attributes.azure_active_directory_role_based_access_control)?.azure_rbac_enabled === true,
    'workload identity': attributes.workload_identity_enabled === true,
    'commands from outside': attributes.run_command_enabled !== false,
    tier: textAt(attributes, 'sku_tier'),
  });
}

const disksTarget = (graph: StackGraph, disks: GraphResource): Target =>
  target(graph, disks, 'disks', idOf(graph, disks, 'Microsoft.Compute/diskEncryptionSets'), {
    'encryption key': keyOf(graph, disks.attributes.key_vault_key_id),
    encryption: textAt(disks.attributes, 'encryption_type'),
    'follows rotation': disks.attributes.auto_key_rotation_enabled === true,
  });

const logTarget = (graph: StackGraph, log: GraphResource): Target =>
  target(graph, log, 'log', idOf(graph, log, 'Microsoft.OperationalInsights/workspaces'), {
    'kept days': numberAt(log.attributes, 'retention_in_days'),
    'shared keys': log.attributes.local_authentication_enabled !== false,
    'taken in from outside': log.attributes.internet_ingestion_enabled !== false,
  });

const metricsTarget = (graph: StackGraph, metrics: GraphResource): Target =>
  target(graph, metrics, 'metrics', idOf(graph, metrics, 'Microsoft.Monitor/accounts'), {
    public: metrics.attributes.public_network_access_enabled !== false,
  });

/** Of those whose resource the stack makes itself: what is locked, by the type of it. */
const LOCKED: Readonly<Record<string, string>> = {
  azurerm_storage_account: 'Microsoft.Storage/storageAccounts',
  azurerm_key_vault: 'Microsoft.KeyVault/vaults',
  azurerm_postgresql_flexible_server: 'Microsoft.DBforPostgreSQL/flexibleServers',
  azurerm_managed_redis: 'Microsoft.Cache/redisEnterprise',
  azurerm_kubernetes_cluster: 'Microsoft.ContainerService/managedClusters',
};

function lockTarget(graph: StackGraph, lock: GraphResource): readonly Target[] {
  const { scope, name, lock_level } = lock.attributes;
  const of = graph.referred(scope);
  const id = scopeOf(graph, of, scope);
  if (id === undefined) return [];
  const path = `${id}/providers/Microsoft.Authorization/locks/${name}`;
  return [target(graph, lock, 'lock', path, { level: String(lock_level) })];
}

function scopeOf(graph: StackGraph, of: GraphResource | undefined, scope: unknown): string | undefined {
  if (of?.type.endsWith('azurerm_resource_group') === true) {
    return `/subscriptions/${graph.provider.subscription_id}/resourceGroups/${of.attributes.name}`;
  }
  const type = LOCKED[of?.type ?? ''];
  if (of !== undefined && type !== undefined) return idOf(graph, of, type);
  return String(scope).startsWith('/subscriptions/') ? String(scope) : undefined;
}
