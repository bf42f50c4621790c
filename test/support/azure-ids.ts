import { named, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

export const subscriptionOf = (stack: StackJson): string =>
  String((stack.provider as Record<string, readonly Attributes[]>).azurerm?.[0]?.subscription_id);

const TYPES: Readonly<Record<string, string>> = {
  azurerm_storage_account: 'Microsoft.Storage/storageAccounts',
  azurerm_key_vault: 'Microsoft.KeyVault/vaults',
  azurerm_postgresql_flexible_server: 'Microsoft.DBforPostgreSQL/flexibleServers',
  azurerm_kubernetes_cluster: 'Microsoft.ContainerService/managedClusters',
  azurerm_servicebus_namespace: 'Microsoft.ServiceBus/namespaces',
  azurerm_container_registry: 'Microsoft.ContainerRegistry/registries',
  azurerm_managed_redis: 'Microsoft.Cache/redisEnterprise',
  azurerm_user_assigned_identity: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  azurerm_virtual_network: 'Microsoft.Network/virtualNetworks',
  azurerm_network_security_group: 'Microsoft.Network/networkSecurityGroups',
  azurerm_nat_gateway: 'Microsoft.Network/natGateways',
  azurerm_private_dns_zone: 'Microsoft.Network/privateDnsZones',
  azurerm_private_endpoint: 'Microsoft.Network/privateEndpoints',
  azurerm_monitor_private_link_scope: 'Microsoft.Insights/privateLinkScopes',
  azurerm_monitor_data_collection_endpoint: 'Microsoft.Insights/dataCollectionEndpoints',
  azurerm_dns_zone: 'Microsoft.Network/dnsZones',
};

/** The id of what an expression refers to, as Azure would call it. */
export function azureId(stack: StackJson, expression: unknown): string {
  const text = String(expression);
  const [, type = ''] = /^\$\{(\w+)\./.exec(text) ?? [];
  if (type === '') return text;
  const one = referred(stack, text);
  if (type === 'azurerm_resource_group') return `/subscriptions/${subscriptionOf(stack)}/resourceGroups/${one.name}`;
  if (type === 'azurerm_key_vault_key') return `${azureId(stack, one.key_vault_id)}/keys/${one.name}`;
  if (type === 'azurerm_subnet') return `${azureId(stack, one.virtual_network_name)}/subnets/${one.name}`;
  if (type === 'azurerm_storage_container') {
    return `${azureId(stack, one.storage_account_id)}/blobServices/default/containers/${one.name}`;
  }
  const provider = TYPES[type];
  if (provider === undefined) throw new Error(`nobody knows the id of a ${type}`);
  const group = named(stack, one.resource_group_name);
  return `/subscriptions/${subscriptionOf(stack)}/resourceGroups/${group}/providers/${provider}/${one.name}`;
}
