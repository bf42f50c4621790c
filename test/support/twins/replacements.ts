/**
 * What a change of makes another resource of, as the providers document it ("forces a new resource"). Bindings don't
 * say it. A list of the types that our stacks use and no more: for others a twin plans a change in place.
 */
const EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  aws: ['region'],
  google: ['name', 'project', 'location', 'region', 'key_ring'],
  azurerm: ['name', 'location', 'resource_group_name', 'key_vault_id', 'storage_account_id', 'virtual_network_name'],
};

/** Names that may change in place. */
const IN_PLACE: ReadonlySet<string> = new Set([
  'google_project_iam_custom_role.name',
  'google_logging_project_sink.region',
]);

const REPLACES: Readonly<Record<string, readonly string[]>> = {
  aws_cloudwatch_log_group: ['name', 'name_prefix'],
  aws_db_instance: [
    'character_set_name',
    'db_name',
    'db_subnet_group_name_prefix',
    'engine',
    'kms_key_id',
    'storage_encrypted',
    'username',
  ],
  aws_db_parameter_group: ['name', 'family', 'description'],
  aws_db_subnet_group: ['name'],
  aws_ecr_repository: ['name', 'encryption_configuration'],
  aws_eks_cluster: ['name', 'role_arn', 'bootstrap_self_managed_addons'],
  aws_elasticache_parameter_group: ['name', 'family', 'description'],
  aws_elasticache_replication_group: [
    'replication_group_id',
    'at_rest_encryption_enabled',
    'kms_key_id',
    'subnet_group_name',
    'port',
  ],
  aws_elasticache_subnet_group: ['name'],
  aws_elasticache_user: ['user_id', 'user_name'],
  aws_elasticache_user_group: ['user_group_id'],
  aws_flow_log: ['log_destination', 'log_destination_type', 'traffic_type', 'vpc_id', 'max_aggregation_interval'],
  aws_iam_role: ['name', 'name_prefix', 'path'],
  aws_iam_role_policy: ['name', 'role'],
  aws_kms_alias: ['name'],
  aws_kms_key: ['customer_master_key_spec', 'key_usage', 'multi_region'],
  aws_kms_replica_key: ['primary_key_arn'],
  aws_nat_gateway: ['allocation_id', 'connectivity_type', 'subnet_id'],
  aws_route: ['route_table_id', 'destination_cidr_block'],
  aws_route_table: ['vpc_id'],
  aws_s3_bucket: ['bucket', 'bucket_prefix', 'object_lock_enabled'],
  aws_s3_bucket_lifecycle_configuration: ['bucket'],
  aws_s3_bucket_logging: ['bucket'],
  aws_s3_bucket_object_lock_configuration: ['bucket'],
  aws_s3_bucket_policy: ['bucket'],
  aws_s3_bucket_public_access_block: ['bucket'],
  aws_s3_bucket_server_side_encryption_configuration: ['bucket'],
  aws_s3_bucket_versioning: ['bucket'],
  aws_secretsmanager_secret: ['name', 'name_prefix'],
  aws_secretsmanager_secret_version: ['secret_id', 'secret_string_wo_version'],
  aws_security_group: ['name', 'name_prefix', 'description', 'vpc_id'],
  aws_sqs_queue: ['name', 'fifo_queue'],
  aws_subnet: ['availability_zone', 'cidr_block', 'vpc_id'],
  aws_vpc: ['cidr_block', 'ipv4_ipam_pool_id'],
  aws_vpc_endpoint: ['service_name', 'vpc_endpoint_type', 'vpc_id'],
  azurerm_container_registry: ['zone_redundancy_enabled', 'encryption'],
  azurerm_key_vault_key: ['key_type', 'key_size', 'curve'],
  azurerm_postgresql_flexible_server: [
    'administrator_login',
    'customer_managed_key',
    'delegated_subnet_id',
    'geo_redundant_backup_enabled',
    'source_server_id',
  ],
  azurerm_servicebus_namespace: ['sku'],
  azurerm_storage_account: [
    'infrastructure_encryption_enabled',
    'immutability_policy',
    'account_kind',
    'is_hns_enabled',
  ],
  google_compute_network: ['auto_create_subnetworks', 'description'],
  google_compute_subnetwork: ['network'],
  google_container_cluster: ['network', 'subnetwork', 'datapath_provider'],
  google_kms_crypto_key: ['purpose', 'destroy_scheduled_duration'],
  google_memorystore_instance: ['instance_id', 'kms_key', 'authorization_mode', 'transit_encryption_mode', 'mode'],
  google_pubsub_subscription: ['topic'],
  google_secret_manager_secret: ['secret_id', 'replication'],
  google_sql_database_instance: ['encryption_key_name', 'master_instance_name'],
  google_storage_bucket: ['enable_object_retention'],
};

export function replaces(type: string, attribute: string): boolean {
  if (IN_PLACE.has(`${type}.${attribute}`)) return false;
  const [provider = ''] = type.split('_');
  return (EVERYWHERE[provider]?.includes(attribute) ?? false) || (REPLACES[type]?.includes(attribute) ?? false);
}
