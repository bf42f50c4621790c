import { block, blocks, type GraphResource, type StackGraph } from '../graph.js';
import type { Target } from '../target.js';
import { expectOfServices } from './expected-services.js';
import { keyOf, target } from './expected-target.js';
import { expectOfWatch } from './expected-watch.js';
import { denies } from './policy.js';

/** What a stack on AWS promises of keys, locks, recovery windows and TLS. */
export function expectOfAws(graph: StackGraph): readonly Target[] {
  return [
    ...graph.of('aws_kms_alias').map((alias) => keyTarget(graph, alias)),
    ...graph.of('aws_s3_bucket').map((bucket) => bucketTarget(graph, bucket)),
    ...graph.of('aws_db_instance').map((instance) => databaseTarget(graph, instance)),
    ...graph.of('aws_db_instance_automated_backups_replication').map((copy) => copyTarget(graph, copy)),
    ...graph.of('aws_elasticache_replication_group').map((group) => cacheTarget(graph, group)),
    ...expectOfServices(graph),
    ...expectOfWatch(graph),
  ];
}

/** Keys have random ids; the alias is the name that both sides know. */
function keyTarget(graph: StackGraph, alias: GraphResource): Target {
  const key = graph.referred(alias.attributes.target_key_id);
  const primary = graph.referred(key?.attributes.primary_key_arn) ?? key;
  const attributes = primary?.attributes ?? {};
  const rotates = attributes.enable_key_rotation === true;
  const account = (graph.provider.allowed_account_ids as readonly string[] | undefined)?.[0];
  return target(graph, key ?? alias, 'key', alias.attributes.name, {
    account,
    state: 'Enabled',
    usage: String(attributes.key_usage ?? 'ENCRYPT_DECRYPT'),
    'multi-region': attributes.multi_region === true,
    'rotation days': rotates ? Number(attributes.rotation_period_in_days ?? 365) : undefined,
  });
}

function bucketTarget(graph: StackGraph, bucket: GraphResource): Target {
  const part = (type: string): GraphResource['attributes'] =>
    graph.of(type).find(({ attributes }) => graph.referred(attributes.bucket)?.address === bucket.address)
      ?.attributes ?? {};
  const encryption = block(
    block(part('aws_s3_bucket_server_side_encryption_configuration').rule)?.apply_server_side_encryption_by_default,
  );
  const retention = block(block(part('aws_s3_bucket_object_lock_configuration').rule)?.default_retention);
  const versioning = block(part('aws_s3_bucket_versioning').versioning_configuration)?.status;
  const closed = part('aws_s3_bucket_public_access_block');
  const policy = part('aws_s3_bucket_policy').policy;
  const copy = graph.referred(block(block(part('aws_s3_bucket_replication_configuration').rule)?.destination)?.bucket);
  return target(graph, bucket, 'bucket', bucket.attributes.bucket, {
    encryption: encryption?.sse_algorithm as string | undefined,
    'encryption key': keyOf(graph, encryption?.kms_master_key_id),
    'lock mode': retention?.mode as string | undefined,
    'lock days': retention?.days as number | undefined,
    // A bucket that was never versioned says nothing.
    versioning: versioning === 'Disabled' ? undefined : (versioning as string | undefined),
    'public access blocked': [
      'block_public_acls',
      'block_public_policy',
      'ignore_public_acls',
      'restrict_public_buckets',
    ].every((field) => closed[field] === true),
    'TLS only': denies(policy, 'Bool', 'aws:SecureTransport', 'false'),
    'TLS 1.2': denies(policy, 'NumericLessThan', 's3:TlsVersion', '1.2'),
    'copied to': copy?.attributes.bucket as string | undefined,
  });
}

function databaseTarget(graph: StackGraph, instance: GraphResource): Target {
  const { attributes } = instance;
  const group = graph.referred(attributes.parameter_group_name)?.attributes;
  const parameter = (name: string): string | undefined =>
    blocks(group?.parameter).find((one) => one.name === name)?.value as string | undefined;
  return target(graph, instance, 'database', attributes.identifier, {
    'encryption key': keyOf(graph, attributes.kms_key_id),
    'encrypted at rest': attributes.storage_encrypted === true,
    'PITR days': attributes.backup_retention_period as number | undefined,
    'two zones': attributes.multi_az === true,
    'deletion protection': attributes.deletion_protection === true,
    public: attributes.publicly_accessible === true,
    authority: attributes.ca_cert_identifier as string | undefined,
    'parameter group': group?.name as string | undefined,
    'TLS required': parameter('rds.force_ssl'),
    'TLS minimum': parameter('ssl_min_protocol_version'),
  });
}

function copyTarget(graph: StackGraph, copy: GraphResource): Target {
  const source = graph.referred(copy.attributes.source_db_instance_arn);
  return target(graph, copy, 'backup copy', source?.attributes.identifier, {
    'encryption key': keyOf(graph, copy.attributes.kms_key_id),
    'PITR days': copy.attributes.retention_period as number | undefined,
  });
}

function cacheTarget(graph: StackGraph, group: GraphResource): Target {
  const { attributes } = group;
  return target(graph, group, 'cache', attributes.replication_group_id, {
    'encryption key': keyOf(graph, attributes.kms_key_id),
    'encrypted at rest': String(attributes.at_rest_encryption_enabled) === 'true',
    TLS: attributes.transit_encryption_enabled === true,
    'TLS mode': attributes.transit_encryption_mode as string | undefined,
    'two zones': attributes.multi_az_enabled === true,
    failover: attributes.automatic_failover_enabled === true,
    'snapshot days': attributes.snapshot_retention_limit as number | undefined,
  });
}
