import { CreateReplicationGroupCommand, ElastiCacheClient } from '@aws-sdk/client-elasticache';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  EnableKeyRotationCommand,
  KMSClient,
  PutKeyPolicyCommand,
  ReplicateKeyCommand,
} from '@aws-sdk/client-kms';
import {
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  CreateDBParameterGroupCommand,
  ModifyDBInstanceCommand,
  ModifyDBParameterGroupCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import {
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { keepBucket, logBucket } from './aws-keeping.js';
import { makeNetwork } from './aws-network.js';
import { ISSUER, makeRoles } from './aws-roles.js';
import { makeServices } from './aws-services.js';
import { makeWatch } from './aws-watch.js';
import { attributesOf, first, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

/** Makes the stores and keys of synthesised stacks with the SDK alone, as far as the verifier looks at them. */
export async function applyAws(stacks: readonly StackJson[], endpoint: string): Promise<void> {
  for (const stack of stacks) await new AwsApply(stack, endpoint).run();
}

export const MOTO_ACCOUNT = '123456789012';

const unlessItExists = (error: unknown): void => {
  if ((error as Error).name !== 'AlreadyExistsException') throw error;
};

const of = (one: Attributes, field: string): string => String(one[field]);

class AwsApply {
  readonly #stack: StackJson;
  readonly #endpoint: string;
  /** Key id by address. */
  readonly #keys = new Map<string, string>();

  constructor(stack: StackJson, endpoint: string) {
    this.#stack = stack;
    this.#endpoint = endpoint;
  }

  async run(): Promise<void> {
    await this.#makeKeys();
    await this.#writeKeyPolicies();
    await this.#makeBuckets();
    const alone = {
      stack: this.#stack,
      config: (one: Attributes) => this.#config(one),
      key: (expression: unknown) => this.#key(expression),
      filled: (policy: unknown) => this.#filled(policy),
      account: MOTO_ACCOUNT,
    };
    const stand = { ...alone, idOf: await makeNetwork(alone) };
    await makeRoles(stand);
    await this.#makeDatabases(stand.idOf);
    await this.#makeCaches();
    await makeServices(stand);
    await makeWatch(stand);
  }

  #regionOf(one: Attributes): string {
    const providers = this.#stack.provider.aws ?? [];
    const alias = one.provider === undefined ? undefined : String(one.provider).split('.')[1];
    return String(providers.find((provider) => provider.alias === alias)?.region);
  }

  #config(one: Attributes) {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    return { region: this.#regionOf(one), endpoint: this.#endpoint, credentials };
  }

  #key(expression: unknown): string {
    const address = /^\$\{([a-z0-9_]+\.[^.}]+)/.exec(String(expression))?.[1] ?? '';
    const key = this.#keys.get(address);
    if (key === undefined) throw new Error(`${String(expression)} is a key of nobody`);
    return key;
  }

  async #makeKeys(): Promise<void> {
    for (const [address, key] of attributesOf(this.#stack, 'aws_kms_key')) {
      const kms = new KMSClient(this.#config(key));
      const made = await kms.send(
        new CreateKeyCommand({
          MultiRegion: key.multi_region === true,
          KeyUsage: (key.key_usage as 'SIGN_VERIFY' | undefined) ?? 'ENCRYPT_DECRYPT',
          KeySpec: (key.customer_master_key_spec as 'ECC_NIST_P256' | undefined) ?? 'SYMMETRIC_DEFAULT',
        }),
      );
      const id = made.KeyMetadata?.Arn ?? '';
      this.#keys.set(address, id);
      if (key.enable_key_rotation !== true) continue;
      await kms.send(
        new EnableKeyRotationCommand({ KeyId: id, RotationPeriodInDays: Number(key.rotation_period_in_days) }),
      );
    }
    for (const [address, replica] of attributesOf(this.#stack, 'aws_kms_replica_key')) {
      const primary = this.#key(replica.primary_key_arn);
      const there = this.#regionOf(replica);
      const kms = new KMSClient({ ...this.#config(replica), region: primary.split(':')[3] ?? '' });
      const made = await kms.send(
        new ReplicateKeyCommand({ KeyId: primary.split('/').at(-1) ?? '', ReplicaRegion: there }),
      );
      this.#keys.set(address, made.ReplicaKeyMetadata?.Arn ?? primary.replace(/:kms:[^:]+:/, `:kms:${there}:`));
    }
    for (const [, alias] of attributesOf(this.#stack, 'aws_kms_alias')) {
      const TargetKeyId = this.#key(alias.target_key_id);
      // The stand-in shares the aliases of a key with its copies in other regions.
      await new KMSClient(this.#config(alias))
        .send(new CreateAliasCommand({ AliasName: of(alias, 'name'), TargetKeyId }))
        .catch(unlessItExists);
    }
  }

  /** As an apply would: every reference with the ARN that it stands for. */
  #filled(policy: unknown): string {
    const known = String(policy).replaceAll(/(?<!\$)\$\{[^}]*\}/g, (expression) => this.#arn(expression));
    return known.replaceAll('$${', '${');
  }

  #arn(expression: string): string {
    if (expression.startsWith('${local.')) return ISSUER;
    if (/^\$\{aws_kms_(replica_)?key\./.test(expression)) return this.#key(expression);
    const type = /^\$\{(\w+)\./.exec(expression)?.[1] ?? '';
    const one = referred(this.#stack, expression);
    const here = `${this.#regionOf(one)}:${MOTO_ACCOUNT}`;
    const issuer = String(one.url).startsWith('$') ? ISSUER : String(one.url).replace('https://', '');
    const arns: Readonly<Record<string, string>> = {
      aws_s3_bucket: `arn:aws:s3:::${one.bucket}`,
      aws_iam_role: `arn:aws:iam::${MOTO_ACCOUNT}:role${one.path ?? '/'}${one.name}`,
      aws_iam_openid_connect_provider: `arn:aws:iam::${MOTO_ACCOUNT}:oidc-provider/${issuer}`,
      aws_cloudwatch_log_group: `arn:aws:logs:${here}:log-group:${one.name}`,
      aws_prometheus_workspace: `arn:aws:aps:${here}:workspace/ws-0b1c2d3e-0000-1111-2222-333344445555`,
      aws_route53_zone: 'arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ',
      aws_sqs_queue: `arn:aws:sqs:${here}:${one.name}`,
      aws_sns_topic: `arn:aws:sns:${here}:${one.name}`,
    };
    const arn = arns[type];
    if (arn === undefined) throw new Error(`nobody knows the ARN of a ${type}`);
    return arn;
  }

  async #writeKeyPolicies(): Promise<void> {
    for (const type of ['aws_kms_key', 'aws_kms_replica_key']) {
      for (const [address, key] of attributesOf(this.#stack, type)) {
        const KeyId = this.#key(`\${${address}.arn}`);
        const kms = new KMSClient({ ...this.#config(key), region: KeyId.split(':')[3] ?? '' });
        await kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy: this.#filled(key.policy) }));
      }
    }
  }

  async #makeBuckets(): Promise<void> {
    for (const [address, bucket] of attributesOf(this.#stack, 'aws_s3_bucket')) await this.#makeBucket(address, bucket);
    for (const [, one] of attributesOf(this.#stack, 'aws_s3_bucket_logging')) {
      const s3 = new S3Client({ ...this.#config(one), forcePathStyle: true });
      const { target_bucket } = one;
      const there = String(target_bucket).startsWith('$') ? referred(this.#stack, target_bucket).bucket : target_bucket;
      await logBucket(s3, of(referred(this.#stack, one.bucket), 'bucket'), String(there), String(one.target_prefix));
    }
    for (const [, one] of attributesOf(this.#stack, 'aws_s3_bucket_policy')) {
      const s3 = new S3Client({ ...this.#config(one), forcePathStyle: true });
      const Bucket = of(referred(this.#stack, one.bucket), 'bucket');
      await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: this.#filled(one.policy) }));
    }
    for (const [, copy] of attributesOf(this.#stack, 'aws_s3_bucket_replication_configuration')) {
      const s3 = new S3Client({ ...this.#config(copy), forcePathStyle: true });
      const Bucket = of(referred(this.#stack, copy.bucket), 'bucket');
      const said = first(first(copy.rule).destination);
      const there = of(referred(this.#stack, said.bucket), 'bucket');
      const follow = first(first(copy.rule).delete_marker_replication).status;
      const rule = {
        Status: 'Enabled',
        Priority: 0,
        Filter: { Prefix: '' },
        DeleteMarkerReplication: { Status: follow as 'Enabled' },
      } as const;
      const ReplicaKmsKeyID = this.#key(first(said.encryption_configuration).replica_kms_key_id);
      const Destination = { Bucket: `arn:aws:s3:::${there}`, EncryptionConfiguration: { ReplicaKmsKeyID } };
      const Rules = [{ ...rule, Destination }];
      const ReplicationConfiguration = { Role: `arn:aws:iam::${MOTO_ACCOUNT}:role/replication`, Rules };
      await s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }));
    }
  }

  async #makeBucket(address: string, bucket: Attributes): Promise<void> {
    const config = this.#config(bucket);
    const s3 = new S3Client({ ...config, forcePathStyle: true });
    const Bucket = of(bucket, 'bucket');
    const part = (type: string): Attributes | undefined =>
      attributesOf(this.#stack, type).find(([, one]) => String(one.bucket).startsWith(`\${${address}.`))?.[1];
    await s3.send(
      new CreateBucketCommand({
        Bucket,
        ObjectLockEnabledForBucket: bucket.object_lock_enabled === true,
        CreateBucketConfiguration: { LocationConstraint: config.region as 'eu-west-1' },
      }),
    );
    const sse = first(
      first(part('aws_s3_bucket_server_side_encryption_configuration')?.rule).apply_server_side_encryption_by_default,
    );
    const KMSMasterKeyID = sse.kms_master_key_id === undefined ? undefined : this.#key(sse.kms_master_key_id);
    const byDefault = { SSEAlgorithm: of(sse, 'sse_algorithm') as 'aws:kms', KMSMasterKeyID };
    const ServerSideEncryptionConfiguration = { Rules: [{ ApplyServerSideEncryptionByDefault: byDefault }] };
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
    if (first(part('aws_s3_bucket_versioning')?.versioning_configuration).status === 'Enabled') {
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    }
    await this.#protectBucket(s3, Bucket, part);
  }

  async #protectBucket(s3: S3Client, Bucket: string, part: (type: string) => Attributes | undefined): Promise<void> {
    const PublicAccessBlockConfiguration = {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    };
    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    await keepBucket(s3, Bucket, part);
    const lock = part('aws_s3_bucket_object_lock_configuration');
    if (lock === undefined) return;
    const { mode, days } = first(first(lock.rule).default_retention);
    const DefaultRetention = { Mode: mode as 'COMPLIANCE', Days: Number(days) };
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } } as const;
    await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
  }

  async #makeDatabases(idOf: (expression: unknown) => string): Promise<void> {
    for (const [, group] of attributesOf(this.#stack, 'aws_db_parameter_group')) {
      const rds = new RDSClient(this.#config(group));
      const DBParameterGroupName = of(group, 'name');
      await rds.send(
        new CreateDBParameterGroupCommand({
          DBParameterGroupName,
          DBParameterGroupFamily: of(group, 'family'),
          Description: 'x',
        }),
      );
      const Parameters = (group.parameter as readonly Attributes[]).map((one) => ({
        ParameterName: of(one, 'name'),
        ParameterValue: of(one, 'value'),
        ApplyMethod: of(one, 'apply_method') as 'immediate',
      }));
      await rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName, Parameters }));
    }
    const instances = attributesOf(this.#stack, 'aws_db_instance').map(([, one]) => one);
    for (const one of instances.filter(({ replicate_source_db }) => replicate_source_db === undefined))
      await this.#makeInstance(one, idOf);
    for (const one of instances.filter(({ replicate_source_db }) => replicate_source_db !== undefined))
      await this.#makeReplica(one, idOf);
  }

  async #makeInstance(one: Attributes, idOf: (expression: unknown) => string): Promise<void> {
    const rds = new RDSClient(this.#config(one));
    await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: of(one, 'identifier'),
        DBInstanceClass: of(one, 'instance_class'),
        Engine: 'postgres',
        MasterUsername: of(one, 'username'),
        MasterUserPassword: 'only-for-this-test',
        AllocatedStorage: Number(one.allocated_storage),
        StorageEncrypted: true,
        KmsKeyId: this.#key(one.kms_key_id),
        BackupRetentionPeriod: Number(one.backup_retention_period),
        MultiAZ: one.multi_az === true,
        DeletionProtection: one.deletion_protection === true,
        PubliclyAccessible: false,
        CACertificateIdentifier: of(one, 'ca_cert_identifier'),
        EnableIAMDatabaseAuthentication: true,
        EnablePerformanceInsights: true,
        PerformanceInsightsKMSKeyId: this.#key(one.performance_insights_kms_key_id),
        EnableCloudwatchLogsExports: [...(one.enabled_cloudwatch_logs_exports as readonly string[])],
        AutoMinorVersionUpgrade: true,
        VpcSecurityGroupIds: (one.vpc_security_group_ids as readonly unknown[]).map(idOf),
        DBParameterGroupName: of(referred(this.#stack, one.parameter_group_name), 'name'),
      }),
    );
  }

  async #makeReplica(one: Attributes, idOf: (expression: unknown) => string): Promise<void> {
    const rds = new RDSClient(this.#config(one));
    const DBInstanceIdentifier = of(one, 'identifier');
    const SourceDBInstanceIdentifier = of(referred(this.#stack, one.replicate_source_db), 'identifier');
    await rds.send(new CreateDBInstanceReadReplicaCommand({ DBInstanceIdentifier, SourceDBInstanceIdentifier }));
    const BackupRetentionPeriod = Number(one.backup_retention_period);
    await rds.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier,
        BackupRetentionPeriod,
        DeletionProtection: true,
        MultiAZ: false,
        VpcSecurityGroupIds: (one.vpc_security_group_ids as readonly unknown[]).map(idOf),
      }),
    );
  }

  async #makeCaches(): Promise<void> {
    for (const [, one] of attributesOf(this.#stack, 'aws_elasticache_replication_group')) {
      await new ElastiCacheClient(this.#config(one)).send(
        new CreateReplicationGroupCommand({
          ReplicationGroupId: of(one, 'replication_group_id'),
          ReplicationGroupDescription: 'x',
          Engine: of(one, 'engine'),
          CacheNodeType: of(one, 'node_type'),
          NumNodeGroups: 1,
          ReplicasPerNodeGroup: Number(one.replicas_per_node_group),
          AtRestEncryptionEnabled: true,
          TransitEncryptionEnabled: true,
          TransitEncryptionMode: of(one, 'transit_encryption_mode') as 'required',
          KmsKeyId: this.#key(one.kms_key_id),
          MultiAZEnabled: one.multi_az_enabled === true,
          AutomaticFailoverEnabled: one.automatic_failover_enabled === true,
          SnapshotRetentionLimit: Number(one.snapshot_retention_limit),
        }),
      );
    }
  }
}
