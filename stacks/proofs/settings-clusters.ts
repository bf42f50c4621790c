import { absent, given, is, type Setting, setting } from './setting.js';

const GKE = 'google_container_cluster';
const POOL = 'google_container_node_pool';
const AKS = 'azurerm_kubernetes_cluster';
const NODES = 'azurerm_kubernetes_cluster_node_pool';

const eks: readonly Setting[] = [
  setting(
    ['AWS-EKS-PRIVATE', 'The API server answers inside of the network'],
    'network',
    ['aws_eks_cluster', 'vpc_config', 'endpoint_private_access'],
    is(true),
    false,
    { scanners: ['CKV_AWS_39'] },
  ),
  setting(
    ['AWS-EKS-ENTRIES', 'Who may come into the cluster is said by the cloud alone, where it is recorded'],
    'access',
    ['aws_eks_cluster', 'access_config', 'authentication_mode'],
    is('API'),
    'API_AND_CONFIG_MAP',
  ),
  setting(
    ['AWS-NODE-LOGIN', 'Nobody logs in to a node'],
    'access',
    ['aws_eks_node_group', 'remote_access'],
    absent,
    { ec2_ssh_key: 'ops' },
    { scanners: ['CKV_AWS_100'] },
  ),
  setting(['AWS-NODE-LOGIN', 'Nobody logs in to a node'], 'access', ['aws_launch_template', 'key_name'], absent, 'ops'),
  setting(
    ['AWS-DISKS-DEFAULT', 'Disks that nobody spoke of are encrypted as well'],
    'atRest',
    ['aws_ebs_encryption_by_default', 'enabled'],
    is(true),
    false,
    { scanners: ['CKV_AWS_106'] },
  ),
];

const gke: readonly Setting[] = [
  setting(
    ['GKE-GOOGLE', 'Not even addresses of Google reach the API server'],
    'network',
    [GKE, 'master_authorized_networks_config', 'gcp_public_cidrs_access_enabled'],
    is(false),
    true,
    { scanners: ['CKV_GCP_20'] },
  ),
  setting(
    ['GKE-NAME', 'Nor does anybody by its name'],
    'network',
    [GKE, 'control_plane_endpoints_config', 'dns_endpoint_config', 'allow_external_traffic'],
    is(false),
    true,
  ),
  setting(['GKE-ABAC', 'Permissions of old are off'], 'access', [GKE, 'enable_legacy_abac'], is(false), true, {
    scanners: ['CKV_GCP_7', 'GCP-0062'],
  }),
  setting(
    ['GKE-CERTIFICATE', 'No certificate is an administrator'],
    'access',
    [GKE, 'master_auth', 'client_certificate_config', 'issue_client_certificate'],
    is(false),
    true,
    { scanners: ['CKV_GCP_13'] },
  ),
  setting(
    ['GKE-ANYBODY', 'Nothing is granted to whoever is known, nor to whoever is not'],
    'access',
    [GKE, 'rbac_binding_config', 'enable_insecure_binding_system_authenticated'],
    is(false),
    true,
  ),
  setting(
    ['GKE-ANYBODY', 'Nothing is granted to whoever is known, nor to whoever is not'],
    'access',
    [GKE, 'rbac_binding_config', 'enable_insecure_binding_system_unauthenticated'],
    is(false),
    true,
  ),
  setting(
    ['GKE-SHIELDED', 'Nodes prove what they started'],
    'change',
    [GKE, 'enable_shielded_nodes'],
    is(true),
    false,
    { scanners: ['CKV_GCP_71'] },
  ),
  setting(
    ['GKE-SHIELDED', 'Nodes prove what they started'],
    'change',
    [POOL, 'node_config', 'shielded_instance_config', 'enable_integrity_monitoring'],
    is(true),
    false,
    { scanners: ['CKV_GCP_72'] },
  ),
  setting(
    ['GKE-KUBELET', 'Nodes tell nothing to whoever does not say who it is'],
    'access',
    [POOL, 'node_config', 'kubelet_config', 'insecure_kubelet_readonly_port_enabled'],
    is('FALSE'),
    'TRUE',
  ),
  setting(
    ['GKE-FLOWS', 'Connections within a node are logged as well'],
    'records',
    [GKE, 'enable_intranode_visibility'],
    is(true),
    false,
    { scanners: ['CKV_GCP_61'] },
  ),
  setting(
    ['NODE-FIXES', 'Nodes take security fixes by themselves'],
    'change',
    [POOL, 'management', 'auto_upgrade'],
    is(true),
    false,
    { scanners: ['CKV_GCP_10'] },
  ),
  setting(
    ['NODE-FIXES', 'Nodes take security fixes by themselves'],
    'change',
    [POOL, 'management', 'auto_repair'],
    is(true),
    false,
    { scanners: ['CKV_GCP_9'] },
  ),
  setting(
    ['GKE-REFUSED', 'An image that nobody named is refused'],
    'change',
    ['google_binary_authorization_policy', 'default_admission_rule', 'evaluation_mode'],
    is('ALWAYS_DENY'),
    'ALWAYS_ALLOW',
  ),
];

const aks: readonly Setting[] = [
  setting(
    ['AKS-POLICY', 'Network policies are enforced'],
    'network',
    [AKS, 'network_profile', 'network_policy'],
    is('cilium'),
    null,
    { scanners: ['CKV_AZURE_7', 'AZU-0043'] },
  ),
  setting(
    ['AKS-ADMISSION', 'Policies of Azure are asked before something runs'],
    'change',
    [AKS, 'azure_policy_enabled'],
    is(true),
    false,
    { scanners: ['CKV_AZURE_116'] },
  ),
  setting(
    ['AKS-HOST', 'What a node keeps for a while is encrypted too'],
    'atRest',
    [AKS, 'default_node_pool', 'host_encryption_enabled'],
    is(true),
    false,
    { scanners: ['CKV_AZURE_227'] },
  ),
  setting(
    ['AKS-HOST', 'What a node keeps for a while is encrypted too'],
    'atRest',
    [NODES, 'host_encryption_enabled'],
    is(true),
    false,
    { scanners: ['CKV_AZURE_227'] },
  ),
  setting(
    ['AKS-SYSTEM', 'What Kubernetes itself runs stands apart from tenants'],
    'access',
    [AKS, 'default_node_pool', 'only_critical_addons_enabled'],
    is(true),
    false,
    { scanners: ['CKV_AZURE_232'] },
  ),
  setting(
    ['AKS-NODE-IP', 'Nodes have no public address'],
    'network',
    [AKS, 'default_node_pool', 'node_public_ip_enabled'],
    is(false),
    true,
    { scanners: ['CKV_AZURE_143'] },
  ),
  setting(
    ['AKS-NODE-IP', 'Nodes have no public address'],
    'network',
    [NODES, 'node_public_ip_enabled'],
    is(false),
    true,
    { scanners: ['CKV_AZURE_143'] },
  ),
  setting(
    ['NODE-FIXES', 'Nodes take security fixes by themselves'],
    'change',
    [AKS, 'automatic_upgrade_channel'],
    given,
    null,
    { scanners: ['CKV_AZURE_171'] },
  ),
  setting(
    ['AKS-ISSUER', 'Pods have identities without a secret'],
    'access',
    [AKS, 'oidc_issuer_enabled'],
    is(true),
    false,
  ),
  setting(
    ['AKS-KMS', 'The key of Secrets is reached without the internet'],
    'network',
    [AKS, 'key_management_service', 'key_vault_network_access'],
    is('Private'),
    'Public',
  ),
  setting(
    ['AKS-DISKS', 'Disks follow their key when it is rotated'],
    'keys',
    ['azurerm_disk_encryption_set', 'auto_key_rotation_enabled'],
    is(true),
    false,
  ),
  setting(
    ['AKS-DISKS-TWICE', 'Disks are encrypted twice'],
    'atRest',
    ['azurerm_disk_encryption_set', 'encryption_type'],
    is('EncryptionAtRestWithPlatformAndCustomerKeys'),
    'EncryptionAtRestWithCustomerKey',
  ),
];

/** What runs everything: who reaches it, who may come in, what its nodes tell and start. */
export const clusterSettings: readonly Setting[] = [...eks, ...gke, ...aks];
