import { blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import type { Target } from '../target.js';
import { barTarget, bucketTarget } from './expected-buckets.js';
import { expectOfNetwork } from './expected-network.js';
import { expectOfRoles } from './expected-roles.js';
import { expectOfServices } from './expected-services.js';
import { groupsOf, keyOf, target } from './expected-target.js';
import { expectOfWatch } from './expected-watch.js';
import { settledPolicy, statementFacts } from './statements.js';

/** What a stack on AWS promises of keys, locks, recovery windows and TLS. */
export function expectOfAws(graph: StackGraph): readonly Target[] {
  return [
    ...graph.of('aws_kms_alias').map((alias) => keyTarget(graph, alias)),
    ...graph.of('aws_s3_bucket').map((bucket) => bucketTarget(graph, bucket)),
    ...graph.of('aws_s3_account_public_access_block').map((bar) => barTarget(graph, bar)),
    ...graph.of('aws_db_instance').map((instance) => databaseTarget(graph, instance)),
    ...graph.of('aws_db_instance_automated_backups_replication').map((copy) => copyTarget(graph, copy)),
    ...graph.of('aws_elasticache_replication_group').map((group) => cacheTarget(graph, group)),
    ...expectOfRoles(graph),
    ...expectOfNetwork(graph),
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
    ...statementFacts(settledPolicy(graph, key?.attributes.policy)),
  });
}

/** Parameters that have a row of their own. */
const NAMED = new Set(['parameter rds.force_ssl', 'parameter ssl_min_protocol_version']);

function databaseTarget(graph: StackGraph, instance: GraphResource): Target {
  const { attributes } = instance;
  const group = graph.referred(attributes.parameter_group_name)?.attributes;
  const parameters = blocks(group?.parameter).map(({ name, value }) => [`parameter ${name}`, String(value)] as const);
  const parameter = (name: string): string | undefined => Object.fromEntries(parameters)[`parameter ${name}`];
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
    ...Object.fromEntries(parameters.filter(([name]) => !NAMED.has(name))),
    'sign-in by IAM': attributes.iam_database_authentication_enabled === true,
    logs: listed((attributes.enabled_cloudwatch_logs_exports ?? []) as readonly string[]),
    groups: groupsOf(graph, attributes.vpc_security_group_ids),
    'key of insights': keyOf(graph, attributes.performance_insights_kms_key_id),
    'small updates by itself': attributes.auto_minor_version_upgrade !== false,
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
