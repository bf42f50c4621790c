import { dashed, type Made, textOf, uuidOf } from './cloud.js';

/** Where Azure's resource manager keeps a kind: namespace and collection. */
const KINDS: Readonly<Record<string, string>> = {
  key_vault: 'Microsoft.KeyVault/vaults',
  storage_account: 'Microsoft.Storage/storageAccounts',
  virtual_network: 'Microsoft.Network/virtualNetworks',
  network_security_group: 'Microsoft.Network/networkSecurityGroups',
  nat_gateway: 'Microsoft.Network/natGateways',
  public_ip: 'Microsoft.Network/publicIPAddresses',
  private_endpoint: 'Microsoft.Network/privateEndpoints',
  private_dns_zone: 'Microsoft.Network/privateDnsZones',
  postgresql_flexible_server: 'Microsoft.DBforPostgreSQL/flexibleServers',
  managed_redis: 'Microsoft.Cache/redisEnterprise',
  servicebus_namespace: 'Microsoft.ServiceBus/namespaces',
  container_registry: 'Microsoft.ContainerRegistry/registries',
  user_assigned_identity: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  kubernetes_cluster: 'Microsoft.ContainerService/managedClusters',
  disk_encryption_set: 'Microsoft.Compute/diskEncryptionSets',
  log_analytics_workspace: 'Microsoft.OperationalInsights/workspaces',
};

/** Kinds that live inside another: the field that names the parent, and what lies between. */
const CHILDREN: Readonly<Record<string, readonly [field: string, between: string]>> = {
  storage_container: ['storage_account_id', 'blobServices/default/containers'],
  storage_management_policy: ['storage_account_id', 'managementPolicies'],
  postgresql_flexible_server_configuration: ['server_id', 'configurations'],
  postgresql_flexible_server_database: ['server_id', 'databases'],
  postgresql_flexible_server_virtual_endpoint: ['source_server_id', 'virtualEndpoints'],
  servicebus_queue: ['namespace_id', 'queues'],
  kubernetes_cluster_node_pool: ['kubernetes_cluster_id', 'agentPools'],
  management_lock: ['scope', 'providers/Microsoft.Authorization/locks'],
  role_assignment: ['scope', 'providers/Microsoft.Authorization/roleAssignments'],
  monitor_diagnostic_setting: ['target_resource_id', 'providers/Microsoft.Insights/diagnosticSettings'],
};

/** Names that Azure's services answer by; any other gets one of the twin's. */
const DOMAINS: Readonly<Record<string, string>> = {
  postgresql_flexible_server: 'postgres.database.azure.com',
  managed_redis: 'redis.azure.net',
  container_registry: 'azurecr.io',
  servicebus_namespace: 'servicebus.windows.net',
};

function hostOf({ kind }: Made, own: string, name: string): string {
  const service = /^(?:primary|secondary)_(\w+?)(?:_(?:internet|microsoft))?_(?:endpoint|host)$/.exec(name)?.[1];
  if (kind === 'storage_account' && service !== undefined) return `${own}.${service}.core.windows.net`;
  return `${own}.${DOMAINS[kind] ?? `${dashed(kind)}.twin.azure.com`}`;
}

/** Values as Azure makes them: resource ids, object ids, names in the domains of its services. */
export function azureText(made: Made, name: string): string {
  const { kind, fields, setting, seed } = made;
  const own = textOf(fields, 'name') ?? uuidOf(seed);
  if (name === 'id') return idOf(made, own);
  if (name === 'name') return own;
  if (name.endsWith('tenant_id')) return textOf(setting, 'tenant_id') ?? uuidOf(seed);
  if (name === 'subscription_id') return textOf(setting, 'subscription_id') ?? uuidOf(seed);
  if (kind === 'key_vault' && name === 'vault_uri') return `https://${own}.vault.azure.net/`;
  if (/^key_vault_(key|secret)$/.test(kind)) return keyText(made, own, name);
  if (/principal_id$|client_id$|object_id$/.test(name)) return uuidOf(seed);
  if (name === 'location' || name === 'primary_location') return textOf(fields, 'location') ?? 'westeurope';
  if (name === 'oidc_issuer_url') return `https://issuer.oic.prod-aks.azure.com/${uuidOf(seed)}/${own}/`;
  if (/endpoint$|url$|uri$/.test(name)) return `https://${hostOf(made, own, name)}/`;
  if (/fqdn|host|login_server/.test(name)) return hostOf(made, own, name);
  if (/ip_address$|^ip$/.test(name)) return `10.${Number.parseInt(seed.slice(0, 2), 16)}.0.4`;
  if (/(^|_)id$/.test(name)) return `${textOf(fields, 'id') ?? ''}/${dashed(name)}`;
  if (/date|time/.test(name)) return '2026-01-01T00:00:00Z';
  if (/version|etag/.test(name)) return seed.slice(0, 32);
  return `${dashed(name)}-${seed.slice(0, 8)}`;
}

function idOf(made: Made, own: string): string {
  const { kind, fields, setting } = made;
  if (/^key_vault_(key|secret)$/.test(kind)) return keyText(made, own, 'id');
  const subscription = `/subscriptions/${textOf(setting, 'subscription_id') ?? uuidOf(made.seed)}`;
  if (kind === 'resource_group') return `${subscription}/resourceGroups/${own}`;
  const [parent, between] = CHILDREN[kind] ?? [];
  const above = parent === undefined ? undefined : textOf(fields, parent);
  if (above !== undefined) return `${above}/${between}/${own}`;
  const group = `${subscription}/resourceGroups/${textOf(fields, 'resource_group_name') ?? 'twin'}`;
  const network = textOf(fields, 'virtual_network_name');
  if (network !== undefined && kind === 'subnet') {
    return `${group}/providers/Microsoft.Network/virtualNetworks/${network}/subnets/${own}`;
  }
  return `${group}/providers/${KINDS[kind] ?? `Microsoft.Twin/${kind.replaceAll('_', '')}`}/${own}`;
}

/** A key or secret has an address in its vault, with and without its version, and a resource id. */
function keyText({ kind, fields, seed }: Made, own: string, name: string): string {
  const vault = textOf(fields, 'key_vault_id') ?? '';
  const collection = kind === 'key_vault_key' ? 'keys' : 'secrets';
  const version = seed.slice(0, 32);
  const address = `https://${vault.split('/').at(-1)}.vault.azure.net/${collection}/${own}`;
  switch (name) {
    case 'id':
      return `${address}/${version}`;
    case 'versionless_id':
      return address;
    case 'resource_id':
      return `${vault}/${collection}/${own}/versions/${version}`;
    case 'resource_versionless_id':
      return `${vault}/${collection}/${own}`;
    case 'version':
      return version;
    default:
      return `${dashed(name)}-${seed.slice(0, 8)}`;
  }
}
