import { at } from '../proofs/terraform-json.js';
import {
  type Charge,
  DAYS_A_MONTH,
  hourly,
  ingestGb,
  logCharges,
  metricSamples,
  monthly,
  type Priced,
  type Tariff,
} from './charge.js';
import { copiedGb, objectCharges } from './objects.js';

const GB = 1024;
const BACKUP_FACTOR = 1.3;

function pool(attributes: Priced['resource']['attributes']): readonly Charge[] {
  const least = Number(attributes.min_count ?? attributes.node_count ?? 1);
  const most = Number(attributes.max_count ?? least);
  const gb = Number(attributes.os_disk_size_gb ?? 0);
  return [
    hourly(`node/${String(attributes.vm_size)}`, least, most),
    { item: 'disk/premium', quantity: gb * least, atMost: gb * most },
  ];
}

function database({ resource, stack }: Priced): readonly Charge[] {
  const { attributes } = resource;
  const copies = attributes.high_availability === undefined ? 1 : 2;
  const source = Object.values(stack.resource.azurerm_postgresql_flexible_server ?? {}).find(
    ({ storage_mb }) => storage_mb !== undefined,
  );
  const gb = Number(attributes.storage_mb ?? source?.storage_mb ?? 0) / GB;
  return [
    hourly(`postgres/${String(attributes.sku_name)}`, copies),
    { item: 'postgres/disk', quantity: gb * copies },
    ...(attributes.geo_redundant_backup_enabled === true
      ? [{ item: 'postgres/backup', quantity: gb * BACKUP_FACTOR }]
      : []),
    // As much as the disk is free.
    ...(attributes.create_mode === 'Replica' ? [] : [{ item: 'postgres/backup', quantity: gb * (BACKUP_FACTOR - 1) }]),
  ];
}

/** Rotation makes versions, and each key is charged once. Keys of tenants are made by the operator, in their vault. */
const vault = ({ resource, environment }: Priced): readonly Charge[] => {
  if (!resource.id.startsWith('tenants')) return [];
  const type = environment.kms.protection === 'Hsm' ? 'RSA-HSM' : 'RSA';
  return [monthly(`key/${type}`, environment.prices.assumptions.tenants)];
};

const nat = ({ stack, environment }: Priced): readonly Charge[] => {
  const gateways = Object.keys(stack.resource.azurerm_nat_gateway ?? {}).length;
  return [hourly('nat'), { item: 'nat/gb', quantity: ingestGb(environment) / gateways }];
};

const flows = ({ environment }: Priced): readonly Charge[] => [
  { item: 'log', quantity: logCharges(environment).ingested },
];

const replication = (priced: Priced): readonly Charge[] => [{ item: 'object/copied', quantity: copiedGb(priced) }];

export const AZURE: Tariff = {
  rules: {
    azurerm_container_registry: ({ resource }) => [monthly(`images/${String(resource.attributes.sku)}`, DAYS_A_MONTH)],
    azurerm_key_vault: vault,
    azurerm_key_vault_key: ({ resource }) => [monthly(`key/${String(resource.attributes.key_type)}`)],
    azurerm_key_vault_secret: () => [monthly('secret')],
    azurerm_kubernetes_cluster: ({ resource }) => [
      hourly('cluster'),
      ...pool((at(resource.attributes, 'default_node_pool') ?? {}) as Priced['resource']['attributes']),
    ],
    azurerm_kubernetes_cluster_node_pool: ({ resource }) => pool(resource.attributes),
    azurerm_log_analytics_cluster: ({ resource }) => [
      monthly('log/dedicated', (DAYS_A_MONTH * Number(resource.attributes.size_gb ?? 100)) / 100),
    ],
    // What a cluster takes in is paid with the cluster.
    azurerm_log_analytics_workspace: (priced) =>
      priced.stack.resource.azurerm_log_analytics_linked_service === undefined ? flows(priced) : [],
    azurerm_managed_redis: ({ resource }) => [hourly(`redis/${String(resource.attributes.sku_name)}`)],
    azurerm_dns_zone: () => [monthly('zone')],
    azurerm_monitor_workspace: ({ environment }) => [{ item: 'metrics', quantity: metricSamples(environment) }],
    azurerm_nat_gateway: nat,
    azurerm_network_watcher_flow_log: flows,
    azurerm_postgresql_flexible_server: database,
    azurerm_private_dns_zone: () => [monthly('zone')],
    azurerm_private_endpoint: () => [hourly('endpoint')],
    azurerm_public_ip: () => [hourly('address')],
    azurerm_servicebus_namespace: ({ resource }) => [
      hourly(`queue/${String(resource.attributes.sku)}`, Number(resource.attributes.capacity ?? 1)),
    ],
    azurerm_storage_account: objectCharges,
    azurerm_storage_object_replication: replication,
  },
  free: [
    /^azurerm_log_analytics_(cluster_customer_managed_key|linked_service)$/,
    /^azurerm_(container_registry_cache_rule|disk_encryption_set|federated_identity_credential|management_lock|user_assigned_identity|role_|resource_)/,
    /^azurerm_(monitor_(?!workspace$)|network_security_|nat_gateway_public|private_dns_zone_virtual|subnet|virtual_network|network_watcher$)/,
    /^azurerm_(postgresql_flexible_server_|servicebus_queue|storage_container|storage_management_policy|eventgrid)/,
  ],
};
