import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateRepositoryCommand, ECRClient, PutLifecyclePolicyCommand } from '@aws-sdk/client-ecr';
import { CreateClusterCommand, CreateNodegroupCommand, EKSClient } from '@aws-sdk/client-eks';
import { CreateUserCommand, ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { CreateSecretCommand, PutResourcePolicyCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { attributesOf, first, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

export interface AwsStand {
  readonly stack: StackJson;
  readonly config: (one: Attributes) => { readonly region: string; readonly endpoint: string };
  readonly key: (expression: unknown) => string;
  /** A policy in which everything has the name that AWS gave it. */
  readonly filled: (policy: unknown) => string;
  readonly account: string;
  /** What EC2 called something of its network. */
  readonly idOf: (expression: unknown) => string;
}

/** Queues, secrets, images, the cluster and logs, with the SDK alone, as far as the verifier looks at them. */
export async function makeServices(stand: AwsStand): Promise<void> {
  await makeQueues(stand);
  for (const one of each(stand, 'aws_secretsmanager_secret')) await makeSecret(stand, one);
  for (const one of each(stand, 'aws_ecr_repository')) await makeImages(stand, one);
  for (const one of each(stand, 'aws_eks_cluster')) await makeCluster(stand, one);
  for (const one of each(stand, 'aws_eks_node_group')) await makePool(stand, one);
  for (const one of each(stand, 'aws_elasticache_user')) await makeUser(stand, one);
  for (const one of each(stand, 'aws_cloudwatch_log_group')) await makeLog(stand, one);
}

const each = ({ stack }: AwsStand, type: string): readonly Attributes[] =>
  attributesOf(stack, type).map(([, one]) => one);

/** All are there before any is told: those that put aside refer to where they do. */
async function makeQueues({ stack, config, key, filled }: AwsStand): Promise<void> {
  const queues = attributesOf(stack, 'aws_sqs_queue');
  const urls = new Map<string, string | undefined>();
  for (const [address, one] of queues) {
    const { QueueUrl } = await new SQSClient(config(one)).send(new CreateQueueCommand({ QueueName: String(one.name) }));
    urls.set(address, QueueUrl);
  }
  for (const [address, one] of queues) {
    const of = (type: string) =>
      attributesOf(stack, type).find(([, { queue_url }]) => String(queue_url).startsWith(`\${${address}.`))?.[1];
    const from = of('aws_sqs_queue_redrive_allow_policy')?.redrive_allow_policy;
    const Attributes = {
      KmsMasterKeyId: key(one.kms_master_key_id),
      MessageRetentionPeriod: String(one.message_retention_seconds),
      ...(one.redrive_policy === undefined ? {} : { RedrivePolicy: filled(one.redrive_policy) }),
      ...(from === undefined ? {} : { RedriveAllowPolicy: filled(from) }),
      Policy: filled(of('aws_sqs_queue_policy')?.policy),
    };
    const command = new SetQueueAttributesCommand({ QueueUrl: urls.get(address), Attributes });
    await new SQSClient(config(one)).send(command);
  }
}

async function makeSecret({ stack, config, key }: AwsStand, one: Attributes): Promise<void> {
  const AddReplicaRegions = ((one.replica ?? []) as readonly Attributes[]).map(({ region, kms_key_id }) => ({
    Region: String(region),
    KmsKeyId: key(kms_key_id),
  }));
  const client = new SecretsManagerClient(config(one));
  await client.send(
    new CreateSecretCommand({
      Name: String(one.name),
      SecretString: 'only-for-this-test',
      KmsKeyId: key(one.kms_key_id),
      AddReplicaRegions,
    }),
  );
  for (const [, { secret_arn, policy }] of attributesOf(stack, 'aws_secretsmanager_secret_policy')) {
    if (referred(stack, secret_arn).name !== one.name) continue;
    await client.send(new PutResourcePolicyCommand({ SecretId: String(one.name), ResourcePolicy: String(policy) }));
  }
}

async function makeImages({ stack, config, key }: AwsStand, one: Attributes): Promise<void> {
  const client = new ECRClient(config(one));
  const repositoryName = String(one.name);
  await client.send(
    new CreateRepositoryCommand({
      repositoryName,
      imageTagMutability: one.image_tag_mutability as 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: key(first(one.encryption_configuration).kms_key) },
    }),
  );
  for (const [, { repository, policy }] of attributesOf(stack, 'aws_ecr_lifecycle_policy')) {
    if (referred(stack, repository).name !== one.name) continue;
    await client.send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText: String(policy) }));
  }
}

async function makeCluster({ config, key, account, idOf }: AwsStand, one: Attributes): Promise<void> {
  const network = first(one.vpc_config);
  await new EKSClient(config(one)).send(
    new CreateClusterCommand({
      name: String(one.name),
      roleArn: `arn:aws:iam::${account}:role/cluster`,
      resourcesVpcConfig: {
        subnetIds: ['subnet-1'],
        securityGroupIds: (network.security_group_ids as readonly unknown[]).map(idOf),
        endpointPublicAccess: network.endpoint_public_access === true,
        endpointPrivateAccess: true,
      },
      encryptionConfig: [
        {
          resources: ['secrets'],
          provider: { keyArn: key(first(first(one.encryption_config).provider).key_arn) },
        },
      ],
      logging: { clusterLogging: [{ types: one.enabled_cluster_log_types as 'api'[], enabled: true }] },
      accessConfig: { authenticationMode: 'API' },
    }),
  );
}

async function makePool({ stack, config, account }: AwsStand, one: Attributes): Promise<void> {
  await new EKSClient(config(one)).send(
    new CreateNodegroupCommand({
      clusterName: String(referred(stack, one.cluster_name).name),
      nodegroupName: String(one.node_group_name),
      nodeRole: `arn:aws:iam::${account}:role/memplane/${referred(stack, one.node_role_arn).name}`,
      subnets: ['subnet-1'],
      amiType: one.ami_type as 'BOTTLEROCKET_ARM_64',
      launchTemplate: { name: String(referred(stack, first(one.launch_template).id).name) },
      taints: (one.taint as readonly Attributes[]).map(({ key, value, effect }) => ({
        key: String(key),
        value: String(value),
        effect: effect as 'NO_SCHEDULE',
      })),
    }),
  );
}

async function makeUser({ config }: AwsStand, one: Attributes): Promise<void> {
  const { type } = first(one.authentication_mode);
  await new ElastiCacheClient(config(one)).send(
    new CreateUserCommand({
      UserId: String(one.user_id),
      UserName: String(one.user_name),
      Engine: 'redis',
      AccessString: String(one.access_string),
      AuthenticationMode: { Type: type as 'iam' },
    }),
  );
}

async function makeLog({ config, key }: AwsStand, one: Attributes): Promise<void> {
  const client = new CloudWatchLogsClient(config(one));
  const logGroupName = String(one.name);
  await client.send(new CreateLogGroupCommand({ logGroupName, kmsKeyId: key(one.kms_key_id) }));
  await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: Number(one.retention_in_days) }));
}
