import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { attributesOf, first } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

export interface AwsStand {
  readonly stack: StackJson;
  readonly config: (one: Attributes) => { readonly region: string; readonly endpoint: string };
  readonly key: (expression: unknown) => string;
  readonly account: string;
}

/** Queues, secrets, images, the cluster and logs, with the SDK alone, as far as the verifier looks at them. */
export async function makeServices(stand: AwsStand): Promise<void> {
  await makeQueues(stand);
  for (const one of each(stand, 'aws_secretsmanager_secret')) await makeSecret(stand, one);
  for (const one of each(stand, 'aws_ecr_repository')) await makeImages(stand, one);
  for (const one of each(stand, 'aws_eks_cluster')) await makeCluster(stand, one);
  for (const one of each(stand, 'aws_cloudwatch_log_group')) await makeLog(stand, one);
}

const each = ({ stack }: AwsStand, type: string): readonly Attributes[] =>
  attributesOf(stack, type).map(([, one]) => one);

/** All are there before any is told: those that put aside refer to where they do. */
async function makeQueues({ stack, config, key, account }: AwsStand): Promise<void> {
  const queues = attributesOf(stack, 'aws_sqs_queue');
  const arnOf = (one: Attributes): string => `arn:aws:sqs:${config(one).region}:${account}:${one.name}`;
  const filled = (text: unknown): string =>
    queues.reduce((said, [address, one]) => said.replaceAll(`\${${address}.arn}`, arnOf(one)), String(text));
  const urls = new Map<string, string | undefined>();
  for (const [address, one] of queues) {
    const { QueueUrl } = await new SQSClient(config(one)).send(new CreateQueueCommand({ QueueName: String(one.name) }));
    urls.set(address, QueueUrl);
  }
  for (const [address, one] of queues) {
    const policy = attributesOf(stack, 'aws_sqs_queue_policy').find(([, { queue_url }]) =>
      String(queue_url).startsWith(`\${${address}.`),
    );
    const Attributes = {
      KmsMasterKeyId: key(one.kms_master_key_id),
      MessageRetentionPeriod: String(one.message_retention_seconds),
      ...(one.redrive_policy === undefined ? {} : { RedrivePolicy: filled(one.redrive_policy) }),
      Policy: filled(policy?.[1].policy),
    };
    const command = new SetQueueAttributesCommand({ QueueUrl: urls.get(address), Attributes });
    await new SQSClient(config(one)).send(command);
  }
}

async function makeSecret({ config, key }: AwsStand, one: Attributes): Promise<void> {
  const AddReplicaRegions = ((one.replica ?? []) as readonly Attributes[]).map(({ region, kms_key_id }) => ({
    Region: String(region),
    KmsKeyId: key(kms_key_id),
  }));
  await new SecretsManagerClient(config(one)).send(
    new CreateSecretCommand({
      Name: String(one.name),
      SecretString: 'only-for-this-test',
      KmsKeyId: key(one.kms_key_id),
      AddReplicaRegions,
    }),
  );
}

async function makeImages({ config, key }: AwsStand, one: Attributes): Promise<void> {
  await new ECRClient(config(one)).send(
    new CreateRepositoryCommand({
      repositoryName: String(one.name),
      imageTagMutability: one.image_tag_mutability as 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: key(first(one.encryption_configuration).kms_key) },
    }),
  );
}

async function makeCluster({ config, key, account }: AwsStand, one: Attributes): Promise<void> {
  const network = first(one.vpc_config);
  await new EKSClient(config(one)).send(
    new CreateClusterCommand({
      name: String(one.name),
      roleArn: `arn:aws:iam::${account}:role/cluster`,
      resourcesVpcConfig: {
        subnetIds: ['subnet-1'],
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

async function makeLog({ config, key }: AwsStand, one: Attributes): Promise<void> {
  const client = new CloudWatchLogsClient(config(one));
  const logGroupName = String(one.name);
  await client.send(new CreateLogGroupCommand({ logGroupName, kmsKeyId: key(one.kms_key_id) }));
  await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: Number(one.retention_in_days) }));
}
