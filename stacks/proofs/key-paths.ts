import type { Path } from './terraform-json.js';

/** Types that keep data at rest, and where each says which key encrypts it; `*` is every element of a list. */
export const KEYED: Readonly<Record<string, readonly Path[]>> = {
  aws_backup_vault: [['kms_key_arn']],
  aws_cloudtrail: [['kms_key_id']],
  aws_cloudwatch_log_group: [['kms_key_id']],
  aws_db_instance: [['kms_key_id'], ['performance_insights_kms_key_id']],
  aws_db_instance_automated_backups_replication: [['kms_key_id']],
  aws_ebs_default_kms_key: [['key_arn']],
  aws_ecr_repository: [['encryption_configuration', '*', 'kms_key']],
  aws_eks_cluster: [['encryption_config', 'provider', 'key_arn']],
  aws_elasticache_replication_group: [['kms_key_id']],
  aws_launch_template: [['block_device_mappings', '*', 'ebs', 'kms_key_id']],
  aws_prometheus_workspace: [['kms_key_arn']],
  aws_s3_bucket_server_side_encryption_configuration: [
    ['rule', '*', 'apply_server_side_encryption_by_default', 'kms_master_key_id'],
  ],
  aws_secretsmanager_secret: [['kms_key_id']],
  aws_sns_topic: [['kms_master_key_id']],
  aws_sqs_queue: [['kms_master_key_id']],
  google_artifact_registry_repository: [['kms_key_name']],
  google_container_cluster: [['database_encryption', 'key_name']],
  google_container_node_pool: [['node_config', 'boot_disk_kms_key']],
  google_logging_project_bucket_config: [['cmek_settings', 'kms_key_name']],
  google_memorystore_instance: [['kms_key']],
  google_pubsub_topic: [['kms_key_name']],
  google_secret_manager_secret: [
    ['replication', 'user_managed', 'replicas', '*', 'customer_managed_encryption', 'kms_key_name'],
  ],
  google_sql_database_instance: [['encryption_key_name']],
  google_storage_bucket: [['encryption', 'default_kms_key_name']],
  azurerm_container_registry: [['encryption', '*', 'key_vault_key_id']],
  azurerm_disk_encryption_set: [['key_vault_key_id']],
  azurerm_kubernetes_cluster: [['key_management_service', 'key_vault_key_id'], ['disk_encryption_set_id']],
  azurerm_log_analytics_cluster_customer_managed_key: [['key_vault_key_id']],
  azurerm_managed_redis: [['customer_managed_key', 'key_vault_key_id']],
  azurerm_postgresql_flexible_server: [['customer_managed_key', 'key_vault_key_id']],
  azurerm_servicebus_namespace: [['customer_managed_key', 'key_vault_key_id']],
  azurerm_storage_account: [['customer_managed_key', 'key_vault_key_id']],
};

/** Keys that only some of a type have: if they are said, they must be ours as well. */
export const KEYED_IF_SAID: Readonly<Record<string, readonly Path[]>> = {
  aws_secretsmanager_secret: [['replica', '*', 'kms_key_id']],
  azurerm_postgresql_flexible_server: [['customer_managed_key', 'geo_backup_key_vault_key_id']],
};

/** Where a type keeps data under what another resource says, and by which attribute that names it. */
export const COMPANIONS: Readonly<Record<string, { readonly type: string; readonly by: string }>> = {
  aws_s3_bucket: { type: 'aws_s3_bucket_server_side_encryption_configuration', by: 'bucket' },
  azurerm_log_analytics_cluster: {
    type: 'azurerm_log_analytics_cluster_customer_managed_key',
    by: 'log_analytics_cluster_id',
  },
  azurerm_log_analytics_workspace: { type: 'azurerm_log_analytics_linked_service', by: 'workspace_id' },
};

/** Keep nothing at rest, or only what describes other resources. A new type must be put somewhere on purpose. */
export const KEYLESS = new RegExp(
  `^(${[
    // Within what is encrypted: a database of a server, a container of an account, a version of a secret.
    'aws_secretsmanager_secret_(version|policy)|aws_sqs_queue_(policy|redrive_allow_policy)|aws_ecr_lifecycle_policy',
    'aws_backup_(plan|selection|vault_lock_configuration|vault_policy)|aws_ebs_encryption_by_default',
    'google_pubsub_subscription|azurerm_servicebus_queue',
    'google_(sql_database|sql_user|secret_manager_secret_version)|google_storage_managed_folder',
    'azurerm_(container_registry_cache_rule|key_vault_secret|storage_container|postgresql_flexible_server_.+)',
    'aws_s3_(account_public_access_block|bucket_(lifecycle_configuration|logging|object_lock_configuration))',
    'aws_s3_bucket_(ownership_controls|policy|public_access_block|replication_configuration|versioning)',
    'aws_(db_parameter_group|db_subnet_group|elasticache_(parameter_group|subnet_group|user|user_group))',
    // Keys themselves, and who may use them.
    'aws_kms_(alias|key|replica_key)|google_kms_.+|azurerm_key_vault(_key)?',
    'aws_iam_.+|google_project_iam_.+|google_.+_iam_(member|binding|policy)|google_org_policy_policy|google_iam_.+',
    'google_(service_account|project_service|project_default_service_accounts)',
    'azurerm_(role_assignment|role_definition|user_assigned_identity|federated_identity_credential|management_lock)',
    'azurerm_(resource_group|resource_group_template_deployment|resource_provider_registration)',
    // The network carries and keeps nothing.
    'aws_(default_security_group|eip|flow_log|internet_gateway|nat_gateway|route|route_table|route_table_association)',
    'aws_(security_group|subnet|vpc|vpc_endpoint|vpc_security_group_(egress|ingress)_rule|lb|lb_listener|lb_listener_rule|lb_target_group)',
    'google_compute_(address|firewall|global_address|network|network_peering_routes_config|route|router|router_nat|subnetwork)|google_dns_.+',
    'google_(logging_project_sink|network_connectivity_.+|service_networking_connection)',
    'aws_route53_.+|azurerm_dns_.+',
    'azurerm_(nat_gateway.*|network_.+|private_.+|public_ip|subnet.*|virtual_network)',
    // Machines whose disks are encrypted by what the launch template, the pool or the disk encryption set says.
    'aws_eks_(access_entry|access_policy_association|addon|node_group|pod_identity_association)',
    'aws_ecs_.+|aws_appautoscaling_.+|google_binary_authorization_policy|azurerm_kubernetes_cluster_node_pool',
    // Settings of what is encrypted, jobs that copy from one to the other, and what watches.
    'google_storage_transfer_job|azurerm_(storage_management_policy|storage_object_replication)',
    'aws_(cloudwatch_(event_rule|event_target|metric_alarm|log_metric_filter)|sns_topic_(policy|subscription))',
    'aws_ecr_(pull_through_cache_rule|registry_.+|repository_.+)|google_(logging_metric|monitoring_.+)',
    'azurerm_(monitor_.+|log_analytics_(linked_.+|saved_search))',
  ].join('|')})$`,
);

/** Without a key of ours, each for a reason. */
export const EXEMPT: readonly {
  readonly address: RegExp;
  readonly because: string;
  /** Not in a stack that has one of these. */
  readonly unless?: string;
}[] = [
  {
    address: /^aws_s3_bucket_server_side_encryption_configuration\.access_logs(_replica)?_encryption$/,
    because: 'S3 delivers its access logs into no bucket with a KMS key',
  },
  {
    address: /^azurerm_log_analytics_workspace\./,
    because: 'LOGS-CMK: Azure takes a key of ours for logs only with a dedicated cluster, from 100 GB a day',
    unless: 'azurerm_log_analytics_linked_service',
  },
  {
    address: /^azurerm_monitor_workspace\./,
    because: 'Azure takes no key of ours for metrics; nothing of a tenant but its name is in them',
  },
];

export const KEYS = /^(aws_kms_key|aws_kms_replica_key|google_kms_crypto_key|azurerm_key_vault_key)$/;
