import { type Fields, isFields, isList, Unknown, type Value } from './wire.js';

/** Arguments of a type that depend on each other. A path names an argument, in blocks that come once. */
interface Relations {
  /** Not both. */
  readonly conflicts?: readonly string[];
  /** One and no more, once the block they stand in is there. */
  readonly exactlyOne?: readonly string[];
  readonly atLeastOne?: readonly string[];
  /** The first never without the second. */
  readonly requires?: readonly string[];
}

/**
 * As the providers of Google Cloud 6.50 and Azure 4.55 declare them, of those arguments that our stacks set. Bindings don't
 * say them. On AWS the real provider can be asked instead.
 */
const RELATIONS: Readonly<Record<string, Relations>> = {
  azurerm_disk_encryption_set: {
    exactlyOne: ['key_vault_key_id | managed_hsm_key_id'],
  },
  azurerm_key_vault_key: {
    conflicts: ['curve | key_size'],
    atLeastOne: [
      'rotation_policy.automatic | rotation_policy.expire_after',
      'rotation_policy.automatic.time_after_creation | rotation_policy.automatic.time_before_expiry',
    ],
    requires: [
      'rotation_policy.expire_after | rotation_policy.notify_before_expiry',
      'rotation_policy.notify_before_expiry | rotation_policy.expire_after',
    ],
  },
  azurerm_key_vault_secret: {
    exactlyOne: ['value | value_wo'],
    requires: ['value_wo | value_wo_version', 'value_wo_version | value_wo'],
  },
  azurerm_kubernetes_cluster: {
    exactlyOne: ['dns_prefix | dns_prefix_private_cluster', 'identity | service_principal'],
    atLeastOne: [
      'azure_active_directory_role_based_access_control.admin_group_object_ids | azure_active_directory_role_based_access_control.tenant_id',
    ],
    requires: [
      'kubelet_identity.client_id | identity.identity_ids',
      'kubelet_identity.client_id | kubelet_identity.object_id',
      'kubelet_identity.client_id | kubelet_identity.user_assigned_identity_id',
      'kubelet_identity.object_id | identity.identity_ids',
      'kubelet_identity.object_id | kubelet_identity.client_id',
      'kubelet_identity.object_id | kubelet_identity.user_assigned_identity_id',
      'kubelet_identity.user_assigned_identity_id | identity.identity_ids',
      'kubelet_identity.user_assigned_identity_id | kubelet_identity.client_id',
      'kubelet_identity.user_assigned_identity_id | kubelet_identity.object_id',
    ],
  },
  azurerm_kubernetes_cluster_node_pool: {
    exactlyOne: ['upgrade_settings.max_surge | upgrade_settings.max_unavailable'],
    requires: ['node_public_ip_prefix_id | node_public_ip_enabled'],
  },
  azurerm_managed_redis: {
    conflicts: [
      'default_database.geo_replication_group_name | default_database.persistence_redis_database_backup_frequency',
      'default_database.persistence_append_only_file_backup_frequency | default_database.persistence_redis_database_backup_frequency',
    ],
  },
  azurerm_monitor_activity_log_alert: {
    conflicts: ['criteria.status | criteria.statuses'],
  },
  azurerm_monitor_diagnostic_setting: {
    atLeastOne: [
      'enabled_log | enabled_metric | metric',
      'eventhub_authorization_rule_id | log_analytics_workspace_id | partner_solution_id | storage_account_id',
    ],
  },
  azurerm_monitor_metric_alert: {
    exactlyOne: ['application_insights_web_test_location_availability_criteria | criteria | dynamic_criteria'],
  },
  azurerm_network_security_rule: {
    conflicts: ['destination_port_range | destination_port_ranges', 'source_port_range | source_port_ranges'],
    exactlyOne: [
      'destination_address_prefix | destination_address_prefixes | destination_application_security_group_ids',
      'source_address_prefix | source_address_prefixes | source_application_security_group_ids',
    ],
  },
  azurerm_network_watcher_flow_log: {
    exactlyOne: ['network_security_group_id | target_resource_id'],
  },
  azurerm_postgresql_flexible_server: {
    conflicts: ['administrator_password | administrator_password_wo'],
    requires: [
      'administrator_password_wo | administrator_password_wo_version',
      'administrator_password_wo_version | administrator_password_wo',
      'authentication.tenant_id | authentication.active_directory_auth_enabled',
      'customer_managed_key.geo_backup_key_vault_key_id | customer_managed_key.geo_backup_user_assigned_identity_id',
      'customer_managed_key.geo_backup_key_vault_key_id | identity',
      'customer_managed_key.key_vault_key_id | customer_managed_key.primary_user_assigned_identity_id',
      'customer_managed_key.key_vault_key_id | identity',
    ],
  },
  azurerm_private_endpoint: {
    exactlyOne: [
      'private_service_connection.private_connection_resource_alias | private_service_connection.private_connection_resource_id',
    ],
  },
  azurerm_role_assignment: {
    exactlyOne: ['role_definition_id | role_definition_name'],
  },
  azurerm_storage_account: {
    exactlyOne: ['customer_managed_key.key_vault_key_id | customer_managed_key.managed_hsm_key_id'],
    requires: ['blob_properties.restore_policy | blob_properties.delete_retention_policy'],
  },
  azurerm_storage_container: {
    exactlyOne: ['storage_account_id | storage_account_name'],
  },
  azurerm_subnet: {
    exactlyOne: ['address_prefixes | ip_address_pool'],
  },
  azurerm_virtual_network: {
    exactlyOne: ['address_space | ip_address_pool'],
  },
  google_compute_firewall: {
    exactlyOne: ['allow | deny'],
  },
  google_compute_subnetwork: {
    atLeastOne: [
      'log_config.aggregation_interval | log_config.filter_expr | log_config.flow_sampling | log_config.metadata',
    ],
  },
  google_container_cluster: {
    conflicts: [
      'binary_authorization.enabled | binary_authorization.evaluation_mode',
      'cluster_ipv4_cidr | ip_allocation_policy',
      'enable_autopilot | enable_intranode_visibility',
      'enable_autopilot | enable_shielded_nodes',
      'enable_autopilot | remove_default_node_pool',
      'ip_allocation_policy.cluster_ipv4_cidr_block | ip_allocation_policy.cluster_secondary_range_name',
      'ip_allocation_policy.cluster_ipv4_cidr_block | ip_allocation_policy.services_secondary_range_name',
      'ip_allocation_policy.cluster_secondary_range_name | ip_allocation_policy.services_ipv4_cidr_block',
      'ip_allocation_policy.services_ipv4_cidr_block | ip_allocation_policy.services_secondary_range_name',
    ],
    exactlyOne: ['maintenance_policy.daily_maintenance_window | maintenance_policy.recurring_window'],
    atLeastOne: [
      'private_cluster_config.enable_private_endpoint | private_cluster_config.enable_private_nodes | private_cluster_config.master_global_access_config | private_cluster_config.master_ipv4_cidr_block | private_cluster_config.private_endpoint_subnetwork',
    ],
  },
  google_dns_record_set: {
    exactlyOne: ['routing_policy | rrdatas'],
  },
  google_iam_workload_identity_pool_provider: {
    exactlyOne: ['aws | oidc | saml | x509'],
  },
  google_monitoring_alert_policy: {
    atLeastOne: ['documentation.content | documentation.links | documentation.mime_type | documentation.subject'],
  },
  google_secret_manager_secret: {
    exactlyOne: ['replication.auto | replication.user_managed'],
  },
  google_secret_manager_secret_version: {
    conflicts: ['secret_data | secret_data_wo'],
  },
  google_sql_database_instance: {
    atLeastOne: [
      'clone | settings',
      'settings.backup_configuration.backup_retention_settings | settings.backup_configuration.binary_log_enabled | settings.backup_configuration.enabled | settings.backup_configuration.location | settings.backup_configuration.point_in_time_recovery_enabled | settings.backup_configuration.start_time | settings.backup_configuration.transaction_log_retention_days',
      'settings.ip_configuration.allocated_ip_range | settings.ip_configuration.authorized_networks | settings.ip_configuration.custom_subject_alternative_names | settings.ip_configuration.enable_private_path_for_google_cloud_services | settings.ip_configuration.ipv4_enabled | settings.ip_configuration.private_network | settings.ip_configuration.psc_config | settings.ip_configuration.server_ca_mode | settings.ip_configuration.server_ca_pool | settings.ip_configuration.ssl_mode',
      'settings.maintenance_window.day | settings.maintenance_window.hour | settings.maintenance_window.update_track',
    ],
  },
  google_sql_user: {
    conflicts: ['password | password_wo'],
    requires: ['password_wo_version | password_wo'],
  },
  google_storage_transfer_job: {
    conflicts: ['replication_spec | schedule', 'replication_spec | transfer_spec'],
    exactlyOne: ['replication_spec | transfer_spec'],
  },
};

export interface Unrelated {
  /** The first argument that is concerned. */
  readonly path: string;
  readonly detail: string;
}

/** Every relation there is, for tests that break each. */
export const relationsOf = (): readonly (readonly [type: string, kind: keyof Relations, paths: readonly string[]])[] =>
  Object.entries(RELATIONS).flatMap(([type, relations]) =>
    KINDS.flatMap((kind) => (relations[kind] ?? []).map((one) => [type, kind, one.split(' | ')] as const)),
  );

const KINDS = ['conflicts', 'exactlyOne', 'atLeastOne', 'requires'] as const;

/** What is configured together and may not be, or is missing beside what is. */
export function unrelated(type: string, config: Fields): readonly Unrelated[] {
  const relations = RELATIONS[type] ?? {};
  return KINDS.flatMap((kind) =>
    (relations[kind] ?? []).flatMap((one): readonly Unrelated[] => {
      const paths = one.split(' | ');
      const detail = BROKEN[kind](paths, config);
      return detail === undefined ? [] : [{ path: paths[0] ?? '', detail }];
    }),
  );
}

/** What isn't known yet may turn out to be nothing: it neither breaks a relation nor fails to keep it. */
type Said = 'set' | 'unknown' | 'unset';

const BROKEN: Readonly<Record<keyof Relations, (paths: readonly string[], config: Fields) => string | undefined>> = {
  conflicts: (paths, config) =>
    paths.every((path) => saidAt(config, path) === 'set') ? `"${paths.join('" and "')}" exclude each other` : undefined,
  exactlyOne: (paths, config) => {
    if (!isOpen(paths, config)) return undefined;
    const set = paths.filter((path) => saidAt(config, path) === 'set');
    if (set.length > 1) return `only one of "${set.join('", "')}" can be set`;
    return set.length === 0 && !hasUnknown(paths, config) ? `one of "${paths.join('", "')}" must be set` : undefined;
  },
  atLeastOne: (paths, config) => {
    if (!isOpen(paths, config) || hasUnknown(paths, config)) return undefined;
    return paths.some((path) => saidAt(config, path) === 'set')
      ? undefined
      : `at least one of "${paths.join('", "')}" must be set`;
  },
  requires: ([path = '', needed = ''], config) =>
    saidAt(config, path) !== 'unset' && saidAt(config, needed) === 'unset'
      ? `"${path}" needs "${needed}" beside it`
      : undefined,
};

const hasUnknown = (paths: readonly string[], config: Fields): boolean =>
  paths.some((path) => saidAt(config, path) === 'unknown');

/** Whether the block in which all of them stand is there. */
function isOpen(paths: readonly string[], config: Fields): boolean {
  const [first = ''] = paths;
  const parent = first.slice(0, Math.max(0, first.lastIndexOf('.')));
  const shared = parent !== '' && paths.every((path) => path.startsWith(`${parent}.`));
  return !shared || saidAt(config, parent) === 'set';
}

function saidAt(value: Value | undefined, path: string): Said {
  const end = path.split('.').reduce<Value | undefined>((one, name) => {
    const block = isList(one) ? one[0] : one;
    return isFields(block) ? block[name] : block instanceof Unknown ? block : undefined;
  }, value);
  if (end instanceof Unknown) return 'unknown';
  return end === null || end === undefined || (isList(end) && end.length === 0) ? 'unset' : 'set';
}
