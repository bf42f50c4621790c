import type { Inventory } from './plane-inventory.js';

/** The zone of tenants' names, and who writes into it. */
const EDGE: Readonly<Record<string, Inventory>> = {
  aws: {
    aws_iam_role: ['edge_cert_manager', 'edge_external_dns'],
    aws_iam_role_policy: ['edge_cert_manager_records', 'edge_external_dns_records'],
    aws_route53_zone: ['dns_zone'],
  },
  gcp: {
    google_dns_managed_zone: ['dns_zone'],
    google_dns_managed_zone_iam_member: ['edge_cert_manager_records', 'edge_external_dns_records'],
  },
  azure: {
    azurerm_dns_zone: ['dns_zone'],
    azurerm_federated_identity_credential: ['edge_cert_manager_credential', 'edge_external_dns_credential'],
    azurerm_role_assignment: ['edge_cert_manager_records', 'edge_external_dns_records'],
    azurerm_user_assigned_identity: ['edge_cert_manager', 'edge_external_dns'],
  },
};

/** Metrics that the cloud keeps; Google's are a setting of the cluster. */
const METRICS: Readonly<Record<string, Inventory>> = {
  aws: {
    aws_cloudwatch_log_group: ['metrics_log'],
    aws_iam_role: ['metrics_scraper'],
    aws_iam_role_policy: ['metrics_scraper_writes'],
    aws_prometheus_workspace: ['metrics_workspace'],
    aws_vpc_endpoint: ['network_endpoint_aps-workspaces'],
  },
  azure: {
    azurerm_monitor_data_collection_endpoint: ['metrics_endpoint'],
    azurerm_monitor_data_collection_rule: ['metrics_rule'],
    azurerm_monitor_data_collection_rule_association: ['metrics_from_endpoint', 'metrics_of_cluster'],
    azurerm_monitor_private_link_scope: ['metrics_scope'],
    azurerm_monitor_private_link_scoped_service: ['metrics_scoped'],
    azurerm_monitor_workspace: ['metrics_workspace'],
    azurerm_private_dns_zone: ['metrics_zone'],
    azurerm_private_dns_zone_virtual_network_link: ['metrics_zone_link'],
    azurerm_private_endpoint: ['metrics_to_metrics'],
  },
};

export const edgeInventory = (cloud: string, managedMetrics: boolean): readonly Inventory[] => [
  EDGE[cloud] ?? {},
  ...(managedMetrics ? [METRICS[cloud] ?? {}] : []),
];
