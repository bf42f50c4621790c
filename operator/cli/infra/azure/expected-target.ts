import { block, type GraphResource, type StackGraph } from '../graph.js';

export function idOf(graph: StackGraph, { attributes }: GraphResource, type: string): string {
  const { subscription_id: subscription } = graph.provider;
  const group = graph.settled(attributes.resource_group_name);
  return `/subscriptions/${subscription}/resourceGroups/${group}/providers/${type}/${attributes.name}`;
}

/** `<vault>/<key>`: the part of a key's URL that stays when it is rotated. */
export function keyOf(graph: StackGraph, expression: unknown): string | undefined {
  const key = graph.referred(expression);
  if (key === undefined) return undefined;
  return `${graph.referred(key.attributes.key_vault_id)?.attributes.name}/${key.attributes.name}`;
}

export const customerKey = (graph: StackGraph, { attributes }: GraphResource, field = 'key_vault_key_id') =>
  keyOf(graph, block(attributes.customer_managed_key)?.[field]);

/** What each resource type is called in its id. */
const TYPES: Readonly<Record<string, string>> = {
  azurerm_storage_account: 'Microsoft.Storage/storageAccounts',
  azurerm_key_vault: 'Microsoft.KeyVault/vaults',
  azurerm_postgresql_flexible_server: 'Microsoft.DBforPostgreSQL/flexibleServers',
  azurerm_managed_redis: 'Microsoft.Cache/redisEnterprise',
  azurerm_kubernetes_cluster: 'Microsoft.ContainerService/managedClusters',
  azurerm_servicebus_namespace: 'Microsoft.ServiceBus/namespaces',
  azurerm_container_registry: 'Microsoft.ContainerRegistry/registries',
  azurerm_user_assigned_identity: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  azurerm_virtual_network: 'Microsoft.Network/virtualNetworks',
  azurerm_dns_zone: 'Microsoft.Network/dnsZones',
  azurerm_log_analytics_workspace: 'Microsoft.OperationalInsights/workspaces',
  azurerm_log_analytics_cluster: 'Microsoft.OperationalInsights/clusters',
  azurerm_disk_encryption_set: 'Microsoft.Compute/diskEncryptionSets',
  azurerm_monitor_workspace: 'Microsoft.Monitor/accounts',
};

/** Those that stand within another: the attribute that names it, and what comes between. */
const WITHIN: Readonly<Record<string, readonly [parent: string, between: string]>> = {
  azurerm_key_vault_key: ['key_vault_id', 'keys'],
  azurerm_storage_container: ['storage_account_id', 'blobServices/default/containers'],
  azurerm_subnet: ['virtual_network_name', 'subnets'],
};

/** `${azurerm_x.y.id}/rest` as an id; undefined for what cannot be said before the apply. */
export function idIn(graph: StackGraph, expression: unknown): string | undefined {
  const text = String(expression);
  if (text.startsWith('/subscriptions/')) return text;
  const of = graph.referred(text);
  if (of === undefined) return undefined;
  const rest = text.replace(/^\$\{[^}]*\}/, '');
  if (of.type.endsWith('azurerm_resource_group')) {
    return `/subscriptions/${graph.provider.subscription_id}/resourceGroups/${of.attributes.name}${rest}`;
  }
  const within = WITHIN[of.type];
  if (within !== undefined) {
    const parent = idIn(graph, of.attributes[within[0]]);
    return parent === undefined ? undefined : `${parent}/${within[1]}/${of.attributes.name}${rest}`;
  }
  const type = TYPES[of.type];
  return type === undefined ? undefined : `${idOf(graph, of, type)}${rest}`;
}
