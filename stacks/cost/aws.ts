import { at, listOf, referred } from '../proofs/terraform-json.js';
import {
  type Charge,
  hourly,
  ingestGb,
  logCharges,
  metricSamples,
  monthly,
  type Priced,
  type Tariff,
  versionsKept,
} from './charge.js';
import { copiedGb, objectCharges } from './objects.js';

/** A key costs more for its first two rotations, and no more after that. */
const CHARGED_VERSIONS = 3;

/** Images of a few versions. */
const IMAGES_GB = 5;

/** Backups take less than the disks they are of, and are kept for weeks. */
const BACKUP_FACTOR = 1.3;

const keys = ({ environment, resource }: Priced): readonly Charge[] => {
  const rotates = resource.type === 'aws_kms_replica_key' || resource.attributes.enable_key_rotation === true;
  return [monthly('key', rotates ? Math.min(versionsKept(environment), CHARGED_VERSIONS) : 1)];
};

const number = (value: unknown, otherwise = 0): number =>
  value === undefined || value === null ? otherwise : Number(value);

function nodes({ resource, stack }: Priced): readonly Charge[] {
  const { attributes } = resource;
  const least = number(at(attributes, 'scaling_config', 'min_size'), 1);
  const most = number(at(attributes, 'scaling_config', 'max_size'), least);
  const template = referred(stack, at(attributes, 'launch_template', 'id'));
  const disks = listOf(template?.attributes.block_device_mappings).map((one) => number(at(one, 'ebs', 'volume_size')));
  const gb = disks.reduce((sum, one) => sum + one, 0);
  return [
    hourly(`node/${String(at(attributes, 'instance_types', 0))}`, least, most),
    { item: 'disk/gp3', quantity: gb * least, atMost: gb * most },
  ];
}

function database({ resource, stack }: Priced): readonly Charge[] {
  const { attributes } = resource;
  const copies = attributes.multi_az === true ? 2 : 1;
  const source = referred(stack, attributes.replicate_source_db);
  const gb = number(attributes.allocated_storage ?? source?.attributes.allocated_storage);
  const most = number(attributes.max_allocated_storage, gb);
  return [
    hourly(`postgres/${String(attributes.instance_class)}`, copies),
    { item: 'postgres/disk', quantity: gb * copies, atMost: most * copies },
    // As much as the disk is free; a replica makes none.
    ...(source === undefined ? [{ item: 'postgres/backup', quantity: gb * (BACKUP_FACTOR - 1) }] : []),
  ];
}

function backupCopy({ resource, stack }: Priced): readonly Charge[] {
  const gb = number(referred(stack, resource.attributes.source_db_instance_arn)?.attributes.allocated_storage);
  return [{ item: 'postgres/backup', quantity: gb * BACKUP_FACTOR }];
}

const cache = ({ resource }: Priced): readonly Charge[] => [
  hourly(`redis/${String(resource.attributes.node_type)}`, 1 + number(resource.attributes.replicas_per_node_group)),
];

const endpoint = ({ resource }: Priced): readonly Charge[] =>
  resource.attributes.vpc_endpoint_type === 'Interface'
    ? [hourly('endpoint', listOf(resource.attributes.subnet_ids).length)]
    : [];

const replication = (priced: Priced): readonly Charge[] => [
  { item: 'object/copied', quantity: copiedGb(priced) },
  { item: 'object/copied-in-15-min', quantity: copiedGb(priced) },
];

/** All groups together take what is logged: each has its share. */
const logs = ({ stack, environment }: Priced): readonly Charge[] => {
  const groups = Object.keys(stack.resource.aws_cloudwatch_log_group ?? {}).length;
  const { ingested, kept } = logCharges(environment, 1 / groups);
  return [
    { item: 'log', quantity: ingested },
    { item: 'log/kept', quantity: kept },
  ];
};

const nat = ({ stack, environment }: Priced): readonly Charge[] => {
  const gateways = Object.keys(stack.resource.aws_nat_gateway ?? {}).length;
  return [hourly('nat'), { item: 'nat/gb', quantity: ingestGb(environment) / gateways }];
};

/** 64 KB a request, three requests a message. */
const queue = ({ environment }: Priced): readonly Charge[] => [
  { item: 'queue', quantity: (ingestGb(environment) * 16_384 * 3) / 1e6 },
];

export const AWS: Tariff = {
  rules: {
    aws_cloudwatch_log_group: logs,
    aws_cloudwatch_metric_alarm: () => [monthly('alarm')],
    aws_db_instance: database,
    aws_db_instance_automated_backups_replication: backupCopy,
    aws_ecr_repository: () => [{ item: 'images', quantity: IMAGES_GB }],
    aws_eip: () => [hourly('address')],
    aws_eks_cluster: () => [hourly('cluster')],
    aws_eks_node_group: nodes,
    aws_elasticache_replication_group: cache,
    aws_kms_key: keys,
    aws_kms_replica_key: keys,
    aws_nat_gateway: nat,
    aws_prometheus_workspace: ({ environment }) => [{ item: 'metrics', quantity: metricSamples(environment) }],
    aws_route53_zone: () => [monthly('zone')],
    aws_s3_bucket: objectCharges,
    aws_s3_bucket_replication_configuration: replication,
    aws_secretsmanager_secret: ({ resource }) => [monthly('secret', 1 + listOf(resource.attributes.replica).length)],
    aws_sqs_queue: queue,
    aws_vpc_endpoint: endpoint,
  },
  free: [
    /^aws_(db_parameter_group|db_subnet_group|elasticache_(parameter_group|subnet_group|user|user_group))$/,
    /^aws_(default_security_group|security_group|vpc_security_group_(egress|ingress)_rule|vpc|subnet|internet_gateway)$/,
    /^aws_(route|route_table|route_table_association|flow_log|launch_template|ebs_default_kms_key|ebs_encryption_by_default)$/,
    /^aws_(iam_|s3_account_|s3_bucket_(?!replication_configuration$)|ecr_(lifecycle|registry|pull|repository_)|sqs_queue_|sns_)/,
    /^aws_(kms_alias|secretsmanager_secret_(policy|version)|eks_(access|addon|pod)|cloudwatch_event_|cloudwatch_log_resource)/,
    /^aws_(cloudtrail|backup_(vault|plan|selection))/,
  ],
};
