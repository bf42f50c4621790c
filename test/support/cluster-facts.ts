import type { Cloud } from './bucket-facts.js';
import { at, guarded, keyOf } from './references.js';
import type { Attributes, Json, StackJson } from './terraform-json.js';

/** What a cluster promises, read from what Terraform will be given. */
export interface ClusterFacts {
  /** Nobody reaches the API server from the internet. */
  readonly closed: boolean;
  /** Purpose of the key of what Kubernetes calls secret, and of nodes' disks. */
  readonly secretsKey: string | undefined;
  readonly disksKey: string | undefined;
  /** No pod reaches the identity of its node. */
  readonly nodesHidden: boolean;
  /** Nobody is in by a password, a certificate, or by having made it. */
  readonly peopleNamed: boolean;
  readonly guarded: boolean;
  /** Zones in which the vector store has nodes, which nobody else uses. */
  readonly vectorZones: number;
}

const all = (stack: StackJson, type: string): readonly Attributes[] => Object.values(stack.resource[type] ?? {});
const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : value ? [value] : []);
const same = (values: readonly (string | undefined)[]): string | undefined =>
  new Set(values).size === 1 ? values[0] : undefined;

export function clusterFacts(cloud: Cloud, plane: StackJson): ClusterFacts {
  switch (cloud) {
    case 'aws':
      return awsFacts(plane);
    case 'gcp':
      return gcpFacts(plane);
    case 'azure':
      return azureFacts(plane);
  }
}

function awsFacts(stack: StackJson): ClusterFacts {
  const cluster = stack.resource.aws_eks_cluster?.eks;
  const templates = all(stack, 'aws_launch_template');
  const rotates = (key: Attributes) => key.enable_key_rotation === true;
  const disks = templates.flatMap((one) => list(one.block_device_mappings));
  const vectors = all(stack, 'aws_eks_node_group').filter((one) => String(one.node_group_name).startsWith('qdrant-'));
  const tainted = vectors.every((one) => at(one, 'taint', 0, 'effect') === 'NO_SCHEDULE');
  return {
    closed: at(cluster, 'vpc_config', 'endpoint_public_access') === false,
    secretsKey: keyOf(stack, at(cluster, 'encryption_config', 'provider', 'key_arn'), rotates),
    disksKey: same(
      disks.map((one) =>
        at(one, 'ebs', 'encrypted') === 'true' ? keyOf(stack, at(one, 'ebs', 'kms_key_id'), rotates) : undefined,
      ),
    ),
    nodesHidden: templates.every(
      (one) =>
        at(one, 'metadata_options', 'http_tokens') === 'required' &&
        at(one, 'metadata_options', 'http_put_response_hop_limit') === 1,
    ),
    peopleNamed:
      at(cluster, 'access_config', 'authentication_mode') === 'API' &&
      at(cluster, 'access_config', 'bootstrap_cluster_creator_admin_permissions') === false,
    guarded: guarded(cluster),
    vectorZones: tainted ? new Set(vectors.flatMap((one) => list(one.subnet_ids))).size : 0,
  };
}

function gcpFacts(stack: StackJson): ClusterFacts {
  const cluster = stack.resource.google_container_cluster?.gke;
  const pools = all(stack, 'google_container_node_pool');
  const rotates = (key: Attributes) => key.rotation_period !== undefined;
  const vectors = pools.find((one) => one.name === 'qdrant');
  const tainted = at(vectors, 'node_config', 'taint', 0, 'effect') === 'NO_SCHEDULE';
  return {
    closed:
      at(cluster, 'private_cluster_config', 'enable_private_endpoint') === true &&
      at(cluster, 'master_authorized_networks_config', 'gcp_public_cidrs_access_enabled') === false &&
      at(cluster, 'control_plane_endpoints_config', 'dns_endpoint_config', 'allow_external_traffic') === false,
    secretsKey:
      at(cluster, 'database_encryption', 'state') === 'ENCRYPTED'
        ? keyOf(stack, at(cluster, 'database_encryption', 'key_name'), rotates)
        : undefined,
    disksKey: same(pools.map((one) => keyOf(stack, at(one, 'node_config', 'boot_disk_kms_key'), rotates))),
    nodesHidden: pools.every(
      (one) =>
        at(one, 'node_config', 'workload_metadata_config', 'mode') === 'GKE_METADATA' &&
        String(at(one, 'node_config', 'service_account')).startsWith('${google_service_account.'),
    ),
    peopleNamed:
      at(cluster, 'master_auth', 'client_certificate_config', 'issue_client_certificate') === false &&
      cluster?.enable_legacy_abac === false,
    guarded: guarded(cluster) && cluster?.deletion_protection === true,
    vectorZones: tainted ? list(vectors?.node_locations).length : 0,
  };
}

function azureFacts(stack: StackJson): ClusterFacts {
  const cluster = stack.resource.azurerm_kubernetes_cluster?.aks;
  const pools = all(stack, 'azurerm_kubernetes_cluster_node_pool');
  const [disks] = all(stack, 'azurerm_disk_encryption_set');
  const rotates = (key: Attributes) => at(key, 'rotation_policy', 'automatic', 'time_after_creation') !== undefined;
  const vectors = pools.filter((one) => String(one.name).startsWith('qdrant'));
  const tainted = vectors.every((one) => String(at(one, 'node_taints', 0)).endsWith(':NoSchedule'));
  const bySet = String(cluster?.disk_encryption_set_id).startsWith('${azurerm_disk_encryption_set.');
  const pinned = String(at(cluster, 'key_management_service', 'key_vault_key_id'));
  return {
    closed: cluster?.private_cluster_enabled === true && cluster.private_cluster_public_fqdn_enabled === false,
    secretsKey: keyOf(stack, pinned, rotates),
    disksKey: bySet ? keyOf(stack, disks?.key_vault_key_id, rotates) : undefined,
    nodesHidden:
      cluster?.workload_identity_enabled === true && pools.every((one) => one.node_public_ip_enabled === false),
    peopleNamed: cluster?.local_account_disabled === true && cluster.run_command_enabled === false,
    guarded:
      guarded(cluster) && Object.keys(stack.resource.azurerm_management_lock ?? {}).some((id) => /^cluster_/.test(id)),
    vectorZones: tainted ? new Set(vectors.flatMap((one) => list(one.zones))).size : 0,
  };
}
