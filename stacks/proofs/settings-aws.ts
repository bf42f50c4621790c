import { absent, atLeast, given, holding, is, type Setting, setting } from './setting.js';
import { awsStoreSettings } from './settings-aws-stores.js';
import { at, type Resource } from './terraform-json.js';

/** What every AWS resource of ours says. Promises that need two resources to be seen are rules of their own. */
const encrypts = ({ attributes }: Resource): boolean => at(attributes, 'key_usage') !== 'SIGN_VERIFY';
const isInterface = ({ attributes }: Resource): boolean => at(attributes, 'vpc_endpoint_type') === 'Interface';
const unsaid = (wanted: boolean) => ({
  said: `${wanted} or nothing`,
  holds: (value: unknown) => value === undefined || value === wanted,
});

const KEY = 'aws_kms_key';
const REPLICA = 'aws_kms_replica_key';

const keys: readonly Setting[] = [
  setting(
    ['KEY-ROTATION', 'Keys that encrypt rotate by themselves'],
    'keys',
    [KEY, 'enable_key_rotation'],
    is(true),
    false,
    {
      where: encrypts,
      scanners: ['CKV_AWS_7', 'AWS-0065'],
    },
  ),
  setting(
    ['KEY-WINDOW', 'A key that is to be destroyed can be saved for thirty days'],
    'keys',
    [KEY, 'deletion_window_in_days'],
    atLeast(30),
    7,
    { production: true },
  ),
  setting(
    ['KEY-WINDOW', 'So can its replica, which is a key of its own'],
    'keys',
    [REPLICA, 'deletion_window_in_days'],
    atLeast(30),
    7,
    { production: true },
  ),
  setting(['AWS-KEY-ENABLED', 'No key is made disabled'], 'keys', [KEY, 'is_enabled'], unsaid(true), false, {
    scanners: ['CKV_AWS_227'],
  }),
  setting(['AWS-KEY-POLICY', 'Every key has a policy that we wrote'], 'access', [KEY, 'policy'], given, null, {
    scanners: ['CKV2_AWS_64', 'CKV_AWS_33'],
  }),
  setting(['AWS-KEY-POLICY', 'So has every replica, which inherits none'], 'access', [REPLICA, 'policy'], given, null, {
    scanners: ['CKV2_AWS_64'],
  }),
  setting(
    ['AWS-KEY-LOCKOUT', 'A policy that locks everybody out is refused'],
    'keys',
    [KEY, 'bypass_policy_lockout_safety_check'],
    unsaid(false),
    true,
  ),
];

const network: readonly Setting[] = [
  setting(
    ['AWS-SUBNET-PUBLIC-IP', 'Nothing gets a public address by being started'],
    'network',
    ['aws_subnet', 'map_public_ip_on_launch'],
    is(false),
    true,
    {
      scanners: ['CKV_AWS_130', 'AWS-0164'],
    },
  ),
  setting(
    ['AWS-GROUP-DEFAULT', 'The default security group lets nobody in'],
    'network',
    ['aws_default_security_group', 'ingress'],
    absent,
    [{ protocol: '-1', self: true }],
    {
      scanners: ['CKV2_AWS_12', 'AWS-0173'],
    },
  ),
  setting(
    ['AWS-GROUP-INLINE', 'Rules of security groups are resources of their own, so that none goes unseen'],
    'network',
    ['aws_security_group', 'ingress'],
    absent,
    [{ protocol: 'tcp', from_port: 22, cidr_blocks: ['0.0.0.0/0'] }],
  ),
  setting(
    ['AWS-RULE-DESCRIBED', 'Every rule of a security group says what it is for'],
    'network',
    ['aws_vpc_security_group_ingress_rule', 'description'],
    given,
    null,
    {
      scanners: ['CKV_AWS_23', 'AWS-0124'],
    },
  ),
  setting(
    ['FLOW-LOG', 'Every connection is logged'],
    'records',
    ['aws_flow_log', 'traffic_type'],
    is('ALL'),
    'REJECT',
    { scanners: ['CKV2_AWS_11', 'AWS-0178'] },
  ),
  setting(
    ['LOG-DAYS', 'Logs are kept for a year and more'],
    'records',
    ['aws_cloudwatch_log_group', 'retention_in_days'],
    atLeast(365),
    30,
    {
      production: true,
      scanners: ['CKV_AWS_338', 'CKV_AWS_66'],
    },
  ),
  setting(
    ['AWS-ENDPOINT-DNS', 'Interface endpoints answer under the usual names'],
    'network',
    ['aws_vpc_endpoint', 'private_dns_enabled'],
    is(true),
    false,
    { where: isInterface },
  ),
];

const cluster: readonly Setting[] = [
  setting(
    ['CLUSTER-LOGS', 'All five logs of the control plane are kept'],
    'records',
    ['aws_eks_cluster', 'enabled_cluster_log_types'],
    holding('api', 'audit', 'authenticator', 'controllerManager', 'scheduler'),
    ['api'],
    { scanners: ['CKV_AWS_37', 'AWS-0038'] },
  ),
  setting(
    ['AWS-EKS-ACCESS', 'Whoever makes the cluster is not its administrator for ever'],
    'access',
    ['aws_eks_cluster', 'access_config', 'bootstrap_cluster_creator_admin_permissions'],
    is(false),
    true,
  ),
  setting(
    ['CLUSTER-SECRETS', 'Secrets of Kubernetes are encrypted'],
    'atRest',
    ['aws_eks_cluster', 'encryption_config', 'resources'],
    holding('secrets'),
    [],
    {
      scanners: ['CKV_AWS_58', 'AWS-0039'],
    },
  ),
  setting(
    ['NODE-METADATA', "Pods do not reach the node's own credentials"],
    'access',
    ['aws_launch_template', 'metadata_options', 'http_tokens'],
    is('required'),
    'optional',
    {
      scanners: ['CKV_AWS_79'],
    },
  ),
  setting(
    ['AWS-NODE-HOPS', 'Not even through one more hop'],
    'access',
    ['aws_launch_template', 'metadata_options', 'http_put_response_hop_limit'],
    is(1),
    2,
    {
      scanners: ['CKV_AWS_341'],
    },
  ),
  setting(
    ['AWS-NODE-DISK', 'Disks of nodes are encrypted'],
    'atRest',
    ['aws_launch_template', 'block_device_mappings', '*', 'ebs', 'encrypted'],
    is(true),
    'false',
    {
      scanners: ['CKV_AWS_3'],
    },
  ),
];

export const awsSettings: readonly Setting[] = [...keys, ...network, ...cluster, ...awsStoreSettings];
