import {
  type AwsIdentity,
  allow,
  byAlias,
  document,
  everyKey,
  NAMESPACE,
  objectsThroughS3,
  type Statement,
  throughS3,
} from './aws-statements.js';

/** One role for every tenant's pods; each reaches what bears the name of its own namespace. */
export function buildTenantPolicy(config: AwsIdentity): string {
  const { buckets, keys } = config;
  return document([
    allow('OwnKek', 'kms:Decrypt', everyKey(config), {
      ...byAlias(keys.tenant.grantOn),
      StringEquals: { 'kms:EncryptionContext:memplane': 'kek/1', 'kms:EncryptionContext:namespace': NAMESPACE },
    }),
    allow(
      'OwnKeyring',
      ['s3:GetObject', 's3:PutObject'],
      [buckets.keys, buckets.keysReplica].map(({ grantOn }) => `${grantOn}/keys/${NAMESPACE}/*`),
    ),
    throughS3('KeyringsKeyThroughS3', config, keys.keys.grantOn),
    allow(
      'OwnArtifacts',
      ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:PutObjectTagging'],
      `${buckets.artifacts.grantOn}/${NAMESPACE}/*`,
    ),
    allow('OwnBackups', ['s3:GetObject', 's3:GetObjectVersion'], `${buckets.backups.grantOn}/${NAMESPACE}/*`),
    allow('OwnBackupKey', 'kms:Decrypt', keys.objects.grantOn, {
      StringEquals: { 'kms:EncryptionContext:memplane': 'backup/1', 'kms:EncryptionContext:namespace': NAMESPACE },
    }),
    objectsThroughS3(config),
  ]);
}

/** Cache and queue are shared by the tenants of a plane and divided by prefix and sealing; undefined = neither is here. */
export function buildStoresPolicy({ cache, queue, keys, site }: AwsIdentity): string | undefined {
  const statements: readonly Statement[] = [
    ...(cache === undefined ? [] : [allow('Cache', 'elasticache:Connect', cache.grantOn.split(' '))]),
    ...(queue === undefined
      ? []
      : [
          allow(
            'Queue',
            [
              'sqs:SendMessage',
              'sqs:ReceiveMessage',
              'sqs:DeleteMessage',
              'sqs:ChangeMessageVisibility',
              'sqs:GetQueueAttributes',
            ],
            queue.grantOn,
          ),
          allow('QueueKey', ['kms:Decrypt', 'kms:GenerateDataKey'], keys.data.grantOn, {
            StringEquals: { 'kms:ViaService': `sqs.${site.region}.amazonaws.com` },
          }),
        ]),
  ];
  return statements.length === 0 ? undefined : document(statements);
}

/** Writes what it can neither read nor take back. */
export function buildBackupPolicy(config: AwsIdentity): string {
  const { buckets, keys } = config;
  return document([
    allow(
      'OwnBackups',
      ['s3:PutObject', 's3:PutObjectRetention', 's3:AbortMultipartUpload'],
      `${buckets.backups.grantOn}/${NAMESPACE}/*`,
    ),
    allow('OwnBackupKey', 'kms:GenerateDataKey', keys.objects.grantOn, {
      StringEquals: { 'kms:EncryptionContext:memplane': 'backup/1', 'kms:EncryptionContext:namespace': NAMESPACE },
    }),
    objectsThroughS3(config),
  ]);
}

/** No delete and no list: a record is found by its name, which the one before it holds. */
export function buildAuditPolicy(config: AwsIdentity): string {
  const { buckets, keys } = config;
  return document([
    allow(
      'OwnRecords',
      [
        's3:PutObject',
        's3:PutObjectRetention',
        's3:PutObjectLegalHold',
        's3:GetObject',
        's3:GetObjectVersion',
        's3:GetObjectRetention',
      ],
      `${buckets.audit.grantOn}/${NAMESPACE}/*`,
    ),
    throughS3('AuditKeyThroughS3', config, keys.audit.grantOn),
  ]);
}
