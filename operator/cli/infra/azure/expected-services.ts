import { block, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { numberAt, textAt } from '../rest.js';
import type { Target } from '../target.js';
import { secondsOf } from './durations.js';
import { customerKey, idIn, idOf, keyOf } from './expected-target.js';

/** What keeps something beside accounts and databases, what runs it all, and what nobody may take away. */
export function expectOfServices(graph: StackGraph): readonly Target[] {
  const each = (type: string, of: (graph: StackGraph, one: GraphResource) => Target) =>
    graph.of(type).map((one) => of(graph, one));
  return [
    ...each('azurerm_servicebus_namespace', queueTarget),
    ...each('azurerm_servicebus_queue', writesTarget),
    ...each('azurerm_kubernetes_cluster_node_pool', poolTarget),
    ...each('azurerm_log_analytics_cluster', logsTarget),
    ...each('azurerm_log_analytics_linked_service', linkTarget),
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

function writesTarget(graph: StackGraph, queue: GraphResource): Target {
  const { attributes } = queue;
  return target(graph, queue, 'writes', `${idIn(graph, attributes.namespace_id)}/queues/${attributes.name}`, {
    'kept seconds': secondsOf(textAt(attributes, 'default_message_ttl')),
    'hidden seconds': secondsOf(textAt(attributes, 'lock_duration')),
    'put aside after': numberAt(attributes, 'max_delivery_count'),
    'put aside when too old': attributes.dead_lettering_on_message_expiration === true,
  });
}

function poolTarget(graph: StackGraph, pool: GraphResource): Target {
  const { attributes } = pool;
  const name = `${idIn(graph, attributes.kubernetes_cluster_id)}/agentPools/${attributes.name}`;
  return target(graph, pool, 'pool', name, {
    'encrypted on the host': attributes.host_encryption_enabled === true,
    'public addresses': attributes.node_public_ip_enabled === true,
    system: textAt(attributes, 'os_sku'),
    subnet: graph.referred(attributes.vnet_subnet_id)?.attributes.name as string | undefined,
    'kept for': listed((attributes.node_taints ?? []) as readonly string[]),
  });
}

/** Logs of a plane that is large enough for a key of its own. */
function logsTarget(graph: StackGraph, logs: GraphResource): Target {
  const key = graph
    .of('azurerm_log_analytics_cluster_customer_managed_key')
    .find(({ attributes }) => graph.referred(attributes.log_analytics_cluster_id)?.address === logs.address);
  return target(graph, logs, 'logs', idOf(graph, logs, 'Microsoft.OperationalInsights/clusters'), {
    'encryption key': keyOf(graph, key?.attributes.key_vault_key_id),
  });
}

function linkTarget(graph: StackGraph, link: GraphResource): Target {
  const { workspace_id, write_access_id } = link.attributes;
  return target(graph, link, 'link', `${idIn(graph, workspace_id)}/linkedServices/cluster`, {
    cluster: graph.referred(write_access_id)?.attributes.name as string | undefined,
  });
}

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
    'untagged kept days': numberAt(images.attributes, 'retention_policy_in_days'),
    'let by': textAt(images.attributes, 'network_rule_bypass_option'),
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
    'policies of Azure': attributes.azure_policy_enabled === true,
    administrators: listed(
      (block(attributes.azure_active_directory_role_based_access_control)?.admin_group_object_ids ??
        []) as readonly string[],
    ),
    'system encrypted on the host': block(attributes.default_node_pool)?.host_encryption_enabled === true,
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

function lockTarget(graph: StackGraph, lock: GraphResource): readonly Target[] {
  const { scope, name, lock_level } = lock.attributes;
  const id = idIn(graph, scope);
  if (id === undefined) return [];
  const path = `${id}/providers/Microsoft.Authorization/locks/${name}`;
  return [target(graph, lock, 'lock', path, { level: String(lock_level) })];
}
