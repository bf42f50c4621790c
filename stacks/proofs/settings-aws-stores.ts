import { bucketName } from '../spec/names.js';
import { atLeast, given, holding, is, matching, oneOf, type Setting, setting, type Want } from './setting.js';
import { at, isReference, type Resource } from './terraform-json.js';

const PG = 'aws_db_instance';
const CACHE = 'aws_elasticache_replication_group';
const S3 = 'aws_s3_bucket';
const BLOCK = `${S3}_public_access_block`;

const primary = ({ attributes }: Resource): boolean => at(attributes, 'replicate_source_db') === undefined;
const production = true;

const RECORDED = ['audit', 'auditReplica', 'keys', 'keysReplica'] as const;
const everyObject: Want = {
  said: `objects of ${RECORDED.join(', ')}`,
  holds: (value, { environment }) =>
    RECORDED.every((kind) => JSON.stringify(value).includes(`:s3:::${bucketName(environment, kind)}/"`)),
};

const postgres: readonly Setting[] = [
  setting(['PG-HA', 'Another zone takes a database over'], 'recovery', [PG, 'multi_az'], is(true), false, {
    production,
    where: primary,
    scanners: ['CKV_AWS_157'],
  }),
  setting(
    ['PG-PITR', 'A database can be restored to any second of the last thirty days'],
    'recovery',
    [PG, 'backup_retention_period'],
    atLeast(30),
    1,
    {
      production,
      where: primary,
      scanners: ['CKV_AWS_133', 'AWS-0077'],
    },
  ),
  setting(
    ['PG-BACKUP', 'Every database is backed up for a week at least'],
    'recovery',
    [PG, 'backup_retention_period'],
    atLeast(7),
    0,
    { scanners: ['CKV_AWS_133', 'AWS-0077'] },
  ),
  setting(
    ['PG-BACKUP-KEPT', 'Backups outlive their database'],
    'recovery',
    [PG, 'delete_automated_backups'],
    is(false),
    true,
    { where: primary },
  ),
  setting(
    ['PG-DELETE', 'The cloud refuses to delete a database'],
    'recovery',
    [PG, 'deletion_protection'],
    is(true),
    false,
    {
      production,
      scanners: ['CKV_AWS_293', 'AWS-0177'],
    },
  ),
  setting(
    ['PG-FINAL', 'A database leaves a snapshot behind'],
    'recovery',
    [PG, 'skip_final_snapshot'],
    is(false),
    true,
    { where: primary },
  ),
  setting(
    ['PG-TAGS', 'Snapshots carry the tags of their database'],
    'recovery',
    [PG, 'copy_tags_to_snapshot'],
    is(true),
    false,
    { scanners: ['CKV2_AWS_60'] },
  ),
  setting(['PG-ENCRYPTED', 'Storage of databases is encrypted'], 'atRest', [PG, 'storage_encrypted'], is(true), false, {
    scanners: ['CKV_AWS_16', 'AWS-0080'],
  }),
  setting(['PG-PRIVATE', 'No database has a public address'], 'network', [PG, 'publicly_accessible'], is(false), true, {
    scanners: ['CKV_AWS_17', 'AWS-0180'],
  }),
  setting(
    ['PG-IAM', 'People come in with an identity, not a password'],
    'access',
    [PG, 'iam_database_authentication_enabled'],
    is(true),
    false,
    {
      scanners: ['CKV_AWS_161', 'AWS-0176'],
    },
  ),
  setting(
    ['PG-CA', 'Certificates of databases are of the current authority'],
    'inTransit',
    [PG, 'ca_cert_identifier'],
    matching(/^rds-ca-(rsa2048|rsa4096|ecc384)-g1$/, 'a g1 authority'),
    'rds-ca-2019',
    {
      scanners: ['CKV_AWS_211'],
    },
  ),
  setting(
    ['PG-MINOR', 'Databases take security fixes by themselves'],
    'change',
    [PG, 'auto_minor_version_upgrade'],
    is(true),
    false,
    { scanners: ['CKV_AWS_226'] },
  ),
  setting(
    ['PG-INSIGHTS', 'What a database did can be looked up'],
    'records',
    [PG, 'performance_insights_enabled'],
    is(true),
    false,
    { scanners: ['CKV_AWS_353', 'AWS-0133'] },
  ),
  setting(['PG-MONITOR', 'Databases are watched every minute'], 'records', [PG, 'monitoring_interval'], atLeast(1), 0, {
    scanners: ['CKV_AWS_118'],
  }),
  setting(
    ['PG-LOGS', 'Logs of databases leave the database'],
    'records',
    [PG, 'enabled_cloudwatch_logs_exports'],
    holding('postgresql', 'upgrade'),
    ['upgrade'],
    { scanners: ['CKV_AWS_129'] },
  ),
  setting(
    ['PG-DR-DAYS', 'Backups of databases are copied to the second region for thirty days'],
    'recovery',
    [`${PG}_automated_backups_replication`, 'retention_period'],
    atLeast(30),
    1,
    {
      production,
      scanners: ['CKV_AWS_245'],
    },
  ),
];

const caches: readonly Setting[] = [
  setting(['REDIS-HA', 'Another zone takes a cache over'], 'recovery', [CACHE, 'multi_az_enabled'], is(true), false, {
    production,
    scanners: ['CKV2_AWS_50'],
  }),
  setting(
    ['REDIS-FAILOVER', 'And does so by itself'],
    'recovery',
    [CACHE, 'automatic_failover_enabled'],
    is(true),
    false,
    { production, scanners: ['CKV2_AWS_50'] },
  ),
  setting(
    ['REDIS-REPLICAS', 'A cache has a copy at least'],
    'recovery',
    [CACHE, 'replicas_per_node_group'],
    atLeast(1),
    0,
    { production },
  ),
  setting(
    ['REDIS-ENCRYPTED', 'Caches are encrypted at rest'],
    'atRest',
    [CACHE, 'at_rest_encryption_enabled'],
    is(true),
    'false',
    {
      scanners: ['CKV_AWS_29', 'CKV_AWS_191', 'AWS-0045'],
    },
  ),
  setting(['REDIS-TLS', 'Caches speak TLS'], 'inTransit', [CACHE, 'transit_encryption_enabled'], is(true), false, {
    scanners: ['CKV_AWS_30', 'AWS-0051'],
  }),
  setting(
    ['REDIS-TLS-ONLY', 'And nothing else'],
    'inTransit',
    [CACHE, 'transit_encryption_mode'],
    is('required'),
    'preferred',
  ),
  setting(['REDIS-USERS', 'Who comes to a cache has a name'], 'access', [CACHE, 'user_group_ids', 0], given, null, {
    scanners: ['CKV_AWS_31'],
  }),
  setting(
    ['REDIS-SNAPSHOTS', 'Caches are written down for a week'],
    'recovery',
    [CACHE, 'snapshot_retention_limit'],
    atLeast(7),
    0,
    {
      production,
      scanners: ['CKV_AWS_134', 'AWS-0050'],
    },
  ),
  setting(
    ['REDIS-FINAL', 'A cache leaves a snapshot behind'],
    'recovery',
    [CACHE, 'final_snapshot_identifier'],
    given,
    null,
  ),
  setting(
    ['REDIS-MINOR', 'Caches take security fixes by themselves'],
    'change',
    [CACHE, 'auto_minor_version_upgrade'],
    is(true),
    'false',
    { scanners: ['CKV_AWS_322'] },
  ),
  setting(
    ['REDIS-LOGS', 'Slow calls and the engine are logged'],
    'records',
    [CACHE, 'log_delivery_configuration', 1, 'destination'],
    { said: 'two log groups', holds: isReference },
    null,
  ),
];

const switches = ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'] as const;
const SCANNERS: Readonly<Record<(typeof switches)[number], readonly string[]>> = {
  block_public_acls: ['CKV_AWS_53', 'AWS-0086'],
  block_public_policy: ['CKV_AWS_54', 'AWS-0087'],
  ignore_public_acls: ['CKV_AWS_55', 'AWS-0091'],
  restrict_public_buckets: ['CKV_AWS_56', 'AWS-0093'],
};

const buckets: readonly Setting[] = [
  ...switches.map((one) =>
    setting(
      [`BUCKET-${one.toUpperCase().replaceAll('_', '-')}`, `No bucket is public: ${one.replaceAll('_', ' ')}`],
      'network',
      [BLOCK, one],
      is(true),
      false,
      { scanners: SCANNERS[one] },
    ),
  ),
  ...switches.map((one) =>
    setting(
      [
        `ACCOUNT-${one.toUpperCase().replaceAll('_', '-')}`,
        `Nor will any other of the account be: ${one.replaceAll('_', ' ')}`,
      ],
      'network',
      ['aws_s3_account_public_access_block', one],
      is(true),
      false,
    ),
  ),
  setting(
    ['BUCKET-ACL', 'Lists on objects grant nothing'],
    'access',
    [`${S3}_ownership_controls`, 'rule', 'object_ownership'],
    is('BucketOwnerEnforced'),
    'ObjectWriter',
    {
      scanners: ['CKV2_AWS_65'],
    },
  ),
  setting(
    ['BUCKET-FORCE', 'A bucket with objects in it cannot be destroyed'],
    'recovery',
    [S3, 'force_destroy'],
    is(false),
    true,
  ),
  setting(
    ['BUCKET-ABORT', 'Halves of uploads do not stay'],
    'change',
    [`${S3}_lifecycle_configuration`, 'rule', 0, 'abort_incomplete_multipart_upload', '*', 'days_after_initiation'],
    is(7),
    null,
    {
      scanners: ['CKV_AWS_300'],
    },
  ),
];

const rest: readonly Setting[] = [
  setting(
    ['SECRET-WINDOW', 'A deleted secret can be brought back'],
    'recovery',
    ['aws_secretsmanager_secret', 'recovery_window_in_days'],
    atLeast(7),
    0,
    { production },
  ),
  setting(
    ['SECRET-PUBLIC', 'No secret is shared with everybody'],
    'access',
    ['aws_secretsmanager_secret_policy', 'block_public_policy'],
    is(true),
    false,
  ),
  setting(
    ['QUEUE-DEAD-LETTERS', 'Messages that nobody can read are kept aside'],
    'recovery',
    ['aws_sqs_queue', 'redrive_policy'],
    given,
    null,
    {
      where: ({ id }) => !/dead_letter/.test(id),
    },
  ),
  setting(
    ['IMAGE-IMMUTABLE', 'A tag always means the same image'],
    'change',
    ['aws_ecr_repository', 'image_tag_mutability'],
    is('IMMUTABLE'),
    'MUTABLE',
    { scanners: ['CKV_AWS_51', 'AWS-0031'] },
  ),
  setting(
    ['IMAGE-SCAN', 'Images are scanned when they arrive'],
    'change',
    ['aws_ecr_repository', 'image_scanning_configuration', 'scan_on_push'],
    is(true),
    false,
    {
      scanners: ['CKV_AWS_163', 'AWS-0030'],
    },
  ),
  setting(
    ['TRAIL-REGIONS', 'Calls of every region are recorded'],
    'records',
    ['aws_cloudtrail', 'is_multi_region_trail'],
    is(true),
    false,
    { scanners: ['CKV_AWS_67'] },
  ),
  setting(
    ['TRAIL-DIGESTS', 'A changed record of calls is noticed'],
    'records',
    ['aws_cloudtrail', 'enable_log_file_validation'],
    is(true),
    false,
    { scanners: ['CKV_AWS_36'] },
  ),
  setting(
    ['TRAIL-OBJECTS', 'Whoever reads or writes a record or a keyring, here or in the second region, is recorded'],
    'records',
    ['aws_cloudtrail', 'advanced_event_selector'],
    everyObject,
    [],
    { remedy: 'name the buckets of WATCHED in stacks/observability-settings.ts' },
  ),
  setting(
    ['QUEUE-KEY-REUSE', 'Queues ask for their key often enough to notice that it is gone'],
    'keys',
    ['aws_sqs_queue', 'kms_data_key_reuse_period_seconds'],
    oneOf(60, 300),
    86_400,
    {
      scanners: ['CKV_AWS_27'],
    },
  ),
];

export const awsStoreSettings: readonly Setting[] = [...postgres, ...caches, ...buckets, ...rest];
