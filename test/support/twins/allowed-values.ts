import { type Fields, isFields, isList, type Value } from './wire.js';

/**
 * The words that an argument takes, as the providers of Google Cloud and Azure declare or document them: of those
 * arguments that our stacks set. Bindings don't say them. On AWS the real provider can be asked instead.
 */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  azurerm_container_registry: {
    sku: 'Basic|Standard|Premium',
    network_rule_bypass_option: 'None|AzureServices',
    'identity.type': 'SystemAssigned|UserAssigned|SystemAssigned, UserAssigned',
  },
  azurerm_disk_encryption_set: {
    encryption_type:
      'EncryptionAtRestWithCustomerKey|EncryptionAtRestWithPlatformAndCustomerKeys|ConfidentialVmEncryptedWithCustomerKey',
    'identity.type': 'SystemAssigned|UserAssigned|SystemAssigned, UserAssigned',
  },
  azurerm_key_vault: {
    sku_name: 'standard|premium',
    'network_acls.bypass': 'AzureServices|None',
    'network_acls.default_action': 'Allow|Deny',
  },
  azurerm_key_vault_key: {
    key_opts: 'decrypt|encrypt|sign|unwrapKey|verify|wrapKey',
    key_type: 'EC|EC-HSM|RSA|RSA-HSM',
    curve: 'P-256|P-256K|P-384|P-521',
  },
  azurerm_kubernetes_cluster: {
    automatic_upgrade_channel: 'patch|rapid|node-image|stable',
    node_os_upgrade_channel: 'Unmanaged|SecurityPatch|NodeImage|None',
    sku_tier: 'Free|Standard|Premium',
    'default_node_pool.os_disk_type': 'Ephemeral|Managed',
    'default_node_pool.os_sku': 'AzureLinux|AzureLinux3|Ubuntu|Ubuntu2204|Ubuntu2404|Windows2019|Windows2022',
    'default_node_pool.type': 'VirtualMachineScaleSets',
    'identity.type': 'SystemAssigned|UserAssigned',
    'key_management_service.key_vault_network_access': 'Public|Private',
    'network_profile.network_data_plane': 'azure|cilium',
    'network_profile.outbound_type': 'loadBalancer|userDefinedRouting|managedNATGateway|userAssignedNATGateway|none',
    'network_profile.load_balancer_sku': 'basic|standard',
  },
  azurerm_kubernetes_cluster_node_pool: {
    mode: 'System|User',
    os_disk_type: 'Ephemeral|Managed',
    os_sku: 'AzureLinux|AzureLinux3|Ubuntu|Ubuntu2204|Ubuntu2404|Windows2019|Windows2022',
    os_type: 'Linux|Windows',
  },
  azurerm_log_analytics_workspace: {
    sku: 'PerGB2018|PerNode|Premium|Standalone|Standard|CapacityReservation|LACluster|Unlimited',
  },
  azurerm_managed_redis: {
    sku_name:
      'Balanced_B0|Balanced_B1|Balanced_B10|Balanced_B100|Balanced_B1000|Balanced_B150|Balanced_B20|Balanced_B250|Balanced_B3|Balanced_B350|Balanced_B5|Balanced_B50|Balanced_B500|Balanced_B700|ComputeOptimized_X10|ComputeOptimized_X100|ComputeOptimized_X150|ComputeOptimized_X20|ComputeOptimized_X250|ComputeOptimized_X3|ComputeOptimized_X350|ComputeOptimized_X5|ComputeOptimized_X50|ComputeOptimized_X500|ComputeOptimized_X700|FlashOptimized_A1000|FlashOptimized_A1500|FlashOptimized_A2000|FlashOptimized_A250|FlashOptimized_A4500|FlashOptimized_A500|FlashOptimized_A700|MemoryOptimized_M10|MemoryOptimized_M100|MemoryOptimized_M1000|MemoryOptimized_M150|MemoryOptimized_M1500|MemoryOptimized_M20|MemoryOptimized_M2000|MemoryOptimized_M250|MemoryOptimized_M350|MemoryOptimized_M50|MemoryOptimized_M500|MemoryOptimized_M700',
    public_network_access: 'Enabled|Disabled',
    'default_database.client_protocol': 'Encrypted|Plaintext',
    'default_database.clustering_policy': 'EnterpriseCluster|OSSCluster|NoCluster',
    'default_database.eviction_policy':
      'AllKeysLFU|AllKeysLRU|AllKeysRandom|VolatileLRU|VolatileLFU|VolatileTTL|VolatileRandom|NoEviction',
    'default_database.persistence_redis_database_backup_frequency': '1h|6h|12h',
    'identity.type': 'SystemAssigned|UserAssigned|SystemAssigned, UserAssigned',
  },
  azurerm_management_lock: {
    lock_level: 'CanNotDelete|ReadOnly',
  },
  azurerm_monitor_activity_log_alert: {
    'criteria.category': 'Administrative|Autoscale|Policy|Recommendation|ResourceHealth|Security|ServiceHealth',
  },
  azurerm_monitor_metric_alert: {
    frequency: 'PT1M|PT5M|PT15M|PT30M|PT1H',
    window_size: 'PT1M|PT5M|PT15M|PT30M|PT1H|PT6H|PT12H|P1D',
    'criteria.aggregation': 'Average|Count|Minimum|Maximum|Total',
    'criteria.operator': 'Equals|GreaterThan|GreaterThanOrEqual|LessThan|LessThanOrEqual',
  },
  azurerm_nat_gateway: {
    sku_name: 'Standard|StandardV2',
  },
  azurerm_network_security_rule: {
    protocol: 'Tcp|Udp|Icmp|Esp|Ah|*',
    access: 'Allow|Deny',
    direction: 'Inbound|Outbound',
  },
  azurerm_postgresql_flexible_server: {
    create_mode: 'Default|GeoRestore|PointInTimeRestore|Replica|ReviveDropped|Update',
    version: '11|12|13|14|15|16|17|18',
    'identity.type': 'UserAssigned|SystemAssigned|SystemAssigned, UserAssigned',
  },
  azurerm_public_ip: {
    allocation_method: 'Static|Dynamic',
    sku: 'Basic|Standard|StandardV2',
  },
  azurerm_role_assignment: {
    principal_type: 'User|Group|ServicePrincipal',
    condition_version: '1.0|2.0',
  },
  azurerm_servicebus_namespace: {
    'identity.type': 'SystemAssigned|UserAssigned|SystemAssigned, UserAssigned',
  },
  azurerm_storage_account: {
    account_kind: 'BlobStorage|BlockBlobStorage|FileStorage|Storage|StorageV2',
    account_tier: 'Standard|Premium',
    account_replication_type: 'LRS|GRS|RAGRS|ZRS|GZRS|RAGZRS',
    allowed_copy_scope: 'AAD|PrivateLink|All',
    'identity.type': 'SystemAssigned|UserAssigned|SystemAssigned, UserAssigned',
    'network_rules.default_action': 'Deny|Allow',
    'network_rules.bypass': 'Logging|Metrics|AzureServices|None',
    'sas_policy.expiration_action': 'Log|Block',
  },
  azurerm_storage_container: {
    container_access_type: 'blob|container|private',
  },
  azurerm_storage_management_policy: {
    'rule.filters.blob_types': 'blockBlob|appendBlob',
  },
  azurerm_subnet: {
    private_endpoint_network_policies: 'Disabled|Enabled|NetworkSecurityGroupEnabled|RouteTableEnabled',
  },
  google_artifact_registry_repository: {
    'cleanup_policies.action': 'DELETE|KEEP',
    'cleanup_policies.condition.tag_state': 'TAGGED|UNTAGGED|ANY',
    'vulnerability_scanning_config.enablement_config': 'INHERITED|DISABLED',
  },
  google_binary_authorization_policy: {
    'default_admission_rule.enforcement_mode': 'ENFORCED_BLOCK_AND_AUDIT_LOG|DRYRUN_AUDIT_LOG_ONLY',
    'default_admission_rule.evaluation_mode': 'ALWAYS_ALLOW|REQUIRE_ATTESTATION|ALWAYS_DENY',
    global_policy_evaluation_mode: 'ENABLE|DISABLE',
  },
  google_compute_firewall: {
    direction: 'INGRESS|EGRESS',
    'log_config.metadata': 'EXCLUDE_ALL_METADATA|INCLUDE_ALL_METADATA',
  },
  google_compute_global_address: {
    address_type: 'EXTERNAL|INTERNAL',
  },
  google_compute_network: {
    routing_mode: 'REGIONAL|GLOBAL',
  },
  google_compute_router_nat: {
    source_subnetwork_ip_ranges_to_nat:
      'ALL_SUBNETWORKS_ALL_IP_RANGES|ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES|LIST_OF_SUBNETWORKS',
    'log_config.filter': 'ERRORS_ONLY|TRANSLATIONS_ONLY|ALL',
    nat_ip_allocate_option: 'MANUAL_ONLY|AUTO_ONLY',
  },
  google_compute_subnetwork: {
    'log_config.aggregation_interval':
      'INTERVAL_5_SEC|INTERVAL_30_SEC|INTERVAL_1_MIN|INTERVAL_5_MIN|INTERVAL_10_MIN|INTERVAL_15_MIN',
    'log_config.metadata': 'EXCLUDE_ALL_METADATA|INCLUDE_ALL_METADATA|CUSTOM_METADATA',
  },
  google_container_cluster: {
    'binary_authorization.evaluation_mode': 'DISABLED|PROJECT_SINGLETON_POLICY_ENFORCE',
    'logging_config.enable_components':
      'SYSTEM_COMPONENTS|APISERVER|CONTROLLER_MANAGER|KCP_CONNECTION|KCP_SSHD|KCP_HPA|KCP_VPA|SCHEDULER|WORKLOADS',
    'security_posture_config.mode': 'DISABLED|BASIC|ENTERPRISE|MODE_UNSPECIFIED',
    'security_posture_config.vulnerability_mode':
      'VULNERABILITY_DISABLED|VULNERABILITY_BASIC|VULNERABILITY_ENTERPRISE|VULNERABILITY_MODE_UNSPECIFIED',
    networking_mode: 'VPC_NATIVE|ROUTES',
    'database_encryption.state': 'ENCRYPTED|ALL_OBJECTS_ENCRYPTION_ENABLED|DECRYPTED',
    'release_channel.channel': 'UNSPECIFIED|RAPID|REGULAR|STABLE|EXTENDED',
    datapath_provider: 'DATAPATH_PROVIDER_UNSPECIFIED|LEGACY_DATAPATH|ADVANCED_DATAPATH',
    'gateway_api_config.channel': 'CHANNEL_DISABLED|CHANNEL_EXPERIMENTAL|CHANNEL_STANDARD',
  },
  google_container_node_pool: {
    'autoscaling.location_policy': 'BALANCED|ANY',
    'upgrade_settings.strategy': 'SURGE|BLUE_GREEN',
  },
  google_dns_managed_zone: {
    visibility: 'private|public',
  },
  google_logging_metric: {
    'metric_descriptor.metric_kind': 'DELTA|GAUGE|CUMULATIVE',
    'metric_descriptor.value_type': 'BOOL|INT64|DOUBLE|STRING|DISTRIBUTION|MONEY',
  },
  google_memorystore_instance: {
    mode: 'CLUSTER|CLUSTER_DISABLED',
    'persistence_config.mode': 'DISABLED|RDB|AOF',
    'zone_distribution_config.mode': 'MULTI_ZONE|SINGLE_ZONE',
  },
  google_monitoring_alert_policy: {
    combiner: 'AND|OR|AND_WITH_MATCHING_RESOURCE',
    'conditions.condition_threshold.comparison':
      'COMPARISON_GT|COMPARISON_GE|COMPARISON_LT|COMPARISON_LE|COMPARISON_EQ|COMPARISON_NE',
    'conditions.condition_threshold.aggregations.per_series_aligner':
      'ALIGN_NONE|ALIGN_DELTA|ALIGN_RATE|ALIGN_INTERPOLATE|ALIGN_NEXT_OLDER|ALIGN_MIN|ALIGN_MAX|ALIGN_MEAN|ALIGN_COUNT|ALIGN_SUM|ALIGN_STDDEV|ALIGN_COUNT_TRUE|ALIGN_COUNT_FALSE|ALIGN_FRACTION_TRUE|ALIGN_PERCENTILE_99|ALIGN_PERCENTILE_95|ALIGN_PERCENTILE_50|ALIGN_PERCENTILE_05|ALIGN_PERCENT_CHANGE',
  },
  google_sql_database_instance: {
    'settings.edition': 'ENTERPRISE|ENTERPRISE_PLUS',
    'settings.availability_type': 'REGIONAL|ZONAL',
    'settings.ip_configuration.ssl_mode':
      'ALLOW_UNENCRYPTED_AND_ENCRYPTED|ENCRYPTED_ONLY|TRUSTED_CLIENT_CERTIFICATE_REQUIRED',
    'settings.ip_configuration.server_ca_mode':
      'CA_MODE_UNSPECIFIED|GOOGLE_MANAGED_INTERNAL_CA|GOOGLE_MANAGED_CAS_CA|CUSTOMER_MANAGED_CAS_CA',
  },
  google_storage_bucket: {
    'lifecycle_rule.condition.with_state': 'LIVE|ARCHIVED|ANY',
  },
  google_storage_transfer_job: {
    status: 'ENABLED|DISABLED|DELETED',
  },
};

export interface Misspelt {
  readonly path: string;
  readonly value: string;
  readonly allowed: readonly string[];
}

export function misspelt(type: string, config: Fields): readonly Misspelt[] {
  return Object.entries(ALLOWED[type] ?? {}).flatMap(([path, words]) => {
    const allowed = words.split('|');
    return textsAt(config, path.split('.'))
      .filter((value) => !allowed.includes(value))
      .map((value) => ({ path, value, allowed }));
  });
}

/** What isn't known yet, or not set, cannot be wrong. */
function textsAt(value: Value | undefined, path: readonly string[]): readonly string[] {
  if (isList(value)) return value.flatMap((one) => textsAt(one, path));
  const [name, ...rest] = path;
  if (name === undefined) return typeof value === 'string' ? [value] : [];
  return isFields(value) ? textsAt(value[name], rest) : [];
}
