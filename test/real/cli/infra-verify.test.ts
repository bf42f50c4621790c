import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AmpClient, DeleteWorkspaceCommand, ListWorkspacesCommand } from '@aws-sdk/client-amp';
import { BackupClient, DeleteBackupVaultLockConfigurationCommand } from '@aws-sdk/client-backup';
import { CloudTrailClient, PutEventSelectorsCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, DisableAlarmActionsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient, PutImageTagMutabilityCommand } from '@aws-sdk/client-ecr';
import { DeleteClusterCommand, DeleteNodegroupCommand, EKSClient, ListNodegroupsCommand } from '@aws-sdk/client-eks';
import { DisableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { DescribeKeyCommand, DisableKeyRotationCommand, KMSClient } from '@aws-sdk/client-kms';
import { ModifyDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { DeleteHostedZoneCommand, ListHostedZonesByNameCommand, Route53Client } from '@aws-sdk/client-route-53';
import {
  DeleteBucketPolicyCommand,
  PutBucketEncryptionCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DeleteSecretCommand,
  RemoveRegionsFromReplicationCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ListSubscriptionsByTopicCommand, SNSClient, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { jest } from '@jest/globals';
import { type AppliedAws, applyAwsProd } from '../../support/applied-aws.js';
import { MOTO_ACCOUNT } from '../../support/aws-apply.js';
import { memoryctl } from '../../support/cli.js';
import { describePart, partExists } from '../../support/parts.js';
import { reviewedStacks } from '../../support/reviewed-stacks.js';

jest.setTimeout(900_000);

describePart('memoryctl infra verify on AWS (moto)', partExists('moto'), () => {
  const environment = process.env;
  let account: AppliedAws;
  let url: string;
  let s3: S3Client;

  beforeAll(async () => {
    account = await applyAwsProd();
    ({ url } = account);
    process.env = { ...environment, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    s3 = new S3Client({ region: 'eu-central-1', endpoint: url, forcePathStyle: true });
  });
  afterAll(async () => {
    process.env = environment;
    await account?.stop();
  });

  const driftOf = async (property: string, name: RegExp): Promise<unknown> => {
    const { code, rows } = await account.verify(/audit/.test(name.source) ? 'aws-prod-vault' : 'aws-prod-plane');
    expect(code).toBe(1);
    return rows.find((row) => row.property === property && name.test(row.name))?.live;
  };

  it('is content with what was applied, but for what moto cannot', async () => {
    const { summary, rows } = await account.verify();
    const shown = rows.map(({ name, property, live }) => `${name} ${property}: ${String(live)}`);
    // moto does not tell how often a key rotates, has no copies of backups in a second region, forgets the keys of
    // copies of secrets, of metrics and of insights, what a copy of a bucket does with deletions and from where a queue
    // takes what is put aside, and does not know who may enter a cluster, groups and parameters of caches, which
    // volumes are copied, and the default key of disks.
    expect(shown.filter((row) => !row.endsWith(' rotation days: 365')).sort()).toEqual([
      'eu-central-1 exists: null',
      'memplane-prod encryption key: null',
      'memplane-prod exists: null',
      'memplane-prod who may: null',
      'memplane-prod-artifacts-123456789012 deletions follow: false',
      'memplane-prod-pg-a exists: false',
      'memplane-prod-pg-a key of insights: null',
      'memplane-prod-pg-a-r1 key of insights: null',
      'memplane-prod-redis exists: null',
      'memplane-prod-redis exists: null',
      'memplane-prod-volumes/memplane-prod-volumes exists: null',
      'memplane-prod-writes-dead put aside from: null',
      'memplane/prod/pg-a/admin keys of copies: alias/aws/secretsmanager (eu-west-1)',
    ]);
    expect(summary.ok).toBeGreaterThan(950);
  });

  it('sees a lock that was weakened', async () => {
    const DefaultRetention = { Mode: 'GOVERNANCE', Days: 1 } as const;
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } } as const;
    const Bucket = `memplane-prod-audit-${MOTO_ACCOUNT}`;
    await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    expect(await driftOf('lock mode', /audit-\d/)).toBe('GOVERNANCE');
    expect(await driftOf('lock days', /audit-\d/)).toBe(1);
  });

  it('sees a bucket under another key, and one that takes plain HTTP', async () => {
    const Bucket = `memplane-prod-artifacts-${MOTO_ACCOUNT}`;
    const byDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'alias/aws/s3' } as const;
    const ServerSideEncryptionConfiguration = { Rules: [{ ApplyServerSideEncryptionByDefault: byDefault }] };
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
    await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    expect(await driftOf('encryption key', /artifacts/)).toBe('alias/aws/s3 (eu-central-1)');
    expect(await driftOf('TLS only', /artifacts/)).toBe(false);
  });

  it('sees a recovery window that was shortened', async () => {
    const rds = new RDSClient({ region: 'eu-central-1', endpoint: url });
    const change = { DBInstanceIdentifier: 'memplane-prod-pg-a', BackupRetentionPeriod: 1, ApplyImmediately: true };
    await rds.send(new ModifyDBInstanceCommand(change));
    expect(await driftOf('PITR days', /pg-a$/)).toBe(1);
  });

  it('sees a queue under the key of AWS, images whose tags move, and logs that end early', async () => {
    const at = { region: 'eu-central-1', endpoint: url };
    const sqs = new SQSClient(at);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'memplane-prod-writes' }));
    const Attributes = { KmsMasterKeyId: 'alias/aws/sqs', Policy: '' };
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    const mutable = { repositoryName: 'memplane-prod/memplane', imageTagMutability: 'MUTABLE' } as const;
    await new ECRClient(at).send(new PutImageTagMutabilityCommand(mutable));
    const logGroupName = '/aws/eks/memplane-prod/cluster';
    await new CloudWatchLogsClient(at).send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 1 }));
    const { code, rows } = await account.verify('aws-prod-plane');
    expect(code).toBe(1);
    // All of them at once, each by the name under which AWS knows it.
    expect(rows.map(({ name, property, live }) => [name, property, live])).toEqual(
      expect.arrayContaining([
        ['memplane-prod-writes', 'encryption key', 'alias/aws/sqs (eu-central-1)'],
        ['memplane-prod-writes', 'TLS only', false],
        ['memplane-prod/memplane', 'tags', 'MUTABLE'],
        [logGroupName, 'kept days', 1],
      ]),
    );
  });

  it('sees a trail that was stopped and forgets keyrings, alarms that tell nobody, and volumes that may go', async () => {
    const at = { region: 'eu-central-1', endpoint: url };
    const trail = new CloudTrailClient(at);
    await trail.send(new StopLoggingCommand({ Name: 'memplane-prod' }));
    const FieldSelectors = [{ Field: 'eventCategory', Equals: ['Management'] }];
    await trail.send(
      new PutEventSelectorsCommand({ TrailName: 'memplane-prod', AdvancedEventSelectors: [{ FieldSelectors }] }),
    );
    const sns = new SNSClient(at);
    const TopicArn = `arn:aws:sns:eu-central-1:${MOTO_ACCOUNT}:memplane-prod-alarms`;
    const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    for (const { SubscriptionArn } of Subscriptions) await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await new EventBridgeClient(at).send(new DisableRuleCommand({ Name: 'memplane-prod-break-glass' }));
    await new CloudWatchClient(at).send(
      new DisableAlarmActionsCommand({ AlarmNames: ['memplane-prod-connections-pg-a'] }),
    );
    const BackupVaultName = 'memplane-prod-volumes';
    await new BackupClient(at).send(new DeleteBackupVaultLockConfigurationCommand({ BackupVaultName }));
    const { code, rows } = await account.verify('aws-prod-plane');
    expect(code).toBe(1);
    expect(rows.map(({ name, property, live }) => [name, property, live])).toEqual(
      expect.arrayContaining([
        ['memplane-prod', 'records', false],
        ['memplane-prod', 'every object of', null],
        ['memplane-prod-alarms', 'confirmed by', null],
        ['memplane-prod-break-glass', 'on', false],
        ['memplane-prod-connections-pg-a', 'on', false],
        [BackupVaultName, 'locked', false],
      ]),
    );
  });

  it('sees names and metrics that are gone', async () => {
    const at = { region: 'eu-central-1', endpoint: url };
    const amp = new AmpClient(at);
    const { workspaces = [] } = await amp.send(new ListWorkspacesCommand({ alias: 'memplane-prod' }));
    for (const { workspaceId } of workspaces) await amp.send(new DeleteWorkspaceCommand({ workspaceId }));
    const route53 = new Route53Client(at);
    const { HostedZones = [] } = await route53.send(new ListHostedZonesByNameCommand({}));
    for (const { Id } of HostedZones) await route53.send(new DeleteHostedZoneCommand({ Id }));
    const { rows } = await account.verify('aws-prod-plane');
    const gone = rows.filter(({ verdict }) => verdict === 'missing').map(({ resource }) => resource.split('.')[0]);
    expect(gone).toEqual(expect.arrayContaining(['aws_prometheus_workspace', 'aws_route53_zone']));
  });

  it('sees a secret and a cluster that are gone', async () => {
    const at = { region: 'eu-central-1', endpoint: url };
    const secrets = new SecretsManagerClient(at);
    const SecretId = 'memplane/prod/pg-a/admin';
    await secrets.send(new RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions: ['eu-west-1'] }));
    await secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
    const eks = new EKSClient(at);
    const clusterName = 'memplane-prod';
    const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName }));
    for (const nodegroupName of nodegroups) await eks.send(new DeleteNodegroupCommand({ clusterName, nodegroupName }));
    await eks.send(new DeleteClusterCommand({ name: clusterName }));
    const { rows } = await account.verify('aws-prod-plane');
    const gone = rows.filter(({ verdict }) => verdict === 'missing').map(({ name }) => name);
    expect(gone).toEqual(expect.arrayContaining(['memplane/prod/pg-a/admin', 'memplane-prod']));
  });

  it('sees a key that no longer rotates', async () => {
    const kms = new KMSClient({ region: 'eu-central-1', endpoint: url });
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: 'alias/memplane-prod-data' }));
    await kms.send(new DisableKeyRotationCommand({ KeyId: KeyMetadata?.KeyId ?? '' }));
    expect(await driftOf('rotation days', /^alias\/memplane-prod-data$/)).toBeNull();
  });
});

it('without credentials ends with 3 and says how to sign in', async () => {
  const environment = process.env;
  const empty = join(tmpdir(), 'memplane-no-credentials');
  const out = mkdtempSync(join(tmpdir(), 'memplane-verify-'));
  try {
    const { PATH = '' } = environment;
    process.env = { PATH, HOME: empty, AWS_EC2_METADATA_DISABLED: 'true' };
    const [name, stack] = ['aws-dev-vault', reviewedStacks().get('aws-dev-vault')] as const;
    mkdirSync(join(out, 'stacks', name), { recursive: true });
    writeFileSync(join(out, 'stacks', name, 'cdk.tf.json'), JSON.stringify(stack));
    const { code, notes } = await memoryctl(['infra', 'verify', 'aws-dev-vault', '--out', out]);
    expect([code, notes]).toEqual([3, expect.stringContaining('aws sso login')]);
  } finally {
    process.env = environment;
    rmSync(out, { recursive: true, force: true });
  }
});
