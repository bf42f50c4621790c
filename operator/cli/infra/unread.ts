/**
 * Types of the stacks that `infra verify` compares nothing of, each for a reason. A type that is neither read nor here
 * is told as undecided: whoever adds one to a stack says what becomes of it.
 */
export const UNREAD: Readonly<Record<string, string>> = {
  // AWS
  aws_appautoscaling_policy: "how many tasks run is nobody's promise",
  aws_appautoscaling_target: "how many tasks run is nobody's promise",
  aws_db_subnet_group: 'its subnets are read, and a database cannot be moved to others by hand without being recreated',
  aws_ecr_pull_through_cache_rule: 'copies public images; who may pull from the registry is in roles',
  aws_ecr_repository_creation_template: 'what it makes is made on the first pull, under names nobody knows before',
  aws_ecs_cluster: 'keeps nothing; its roles, keys, logs, security groups and balancer are read',
  aws_ecs_cluster_capacity_providers: 'where tasks run; they keep nothing',
  aws_ecs_service: 'which tasks run; their roles, secrets and security groups are read',
  aws_ecs_task_definition: 'a revision is never changed, and a new one names the same roles, which are read',
  aws_eip: 'an address of the way out, which routes are read for',
  aws_eks_addon: 'software of the cluster; what it may do is in its role, which is read',
  aws_elasticache_subnet_group: 'its subnets are read, and a cache cannot be moved to others',
  aws_iam_service_linked_role: 'AWS writes what it may, and nobody can change that',
  aws_internet_gateway: 'a door that a route leads to, and routes are read',
  aws_lb_listener_rule: 'which name leads to which tenant; without TLS nobody gets to it, and TLS is read',
  aws_lb_target_group: 'where a balancer sends requests inside of the network, whose rules are read',
  aws_nat_gateway: 'a way out that a route leads to, and routes are read',
  aws_secretsmanager_secret_version: "its value is nobody's to read; the secret that holds it is read",

  // Google Cloud
  google_compute_global_address:
    "a range that Google's own network uses; what reaches it is in firewalls, which are read",
  google_dns_record_set: 'names inside of the network; what may be reached is in firewalls, which are read',
  google_network_connectivity_service_connection_policy:
    'lets Google place endpoints of caches; what reaches them is read',
  google_project_default_service_accounts:
    'an act on the first apply; what project-wide grants the stacks make is read',
  google_secret_manager_secret_version: "its value is nobody's to read; the secret that holds it is read",
  google_service_networking_connection: 'the peering that databases hang on, whose network is read',

  // Azure
  azurerm_container_registry_cache_rule: 'copies public images; who may pull from the registry is in assignments',
  azurerm_monitor_data_collection_rule: 'which metrics are taken in; the doors that they come by are read',
  azurerm_monitor_data_collection_rule_association: 'which cluster sends metrics; the doors that they come by are read',
  azurerm_monitor_private_link_scoped_service: 'what belongs to the scope of metrics, which is read',
  azurerm_nat_gateway_public_ip_association: 'an address of the way out; which subnets have one is read',
  azurerm_public_ip: 'an address of the way out; which subnets have one is read',
  azurerm_resource_group_template_deployment:
    'one assignment at the cache by its own API; no key of the cache is accepted, which is read',
  azurerm_resource_provider_registration:
    'an API that is switched off answers nobody, which everything else here shows',
};
