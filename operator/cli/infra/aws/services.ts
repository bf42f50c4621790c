import { CloudWatchLogsClient, paginateDescribeLogGroups } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeRepositoriesCommand, ECRClient, GetLifecyclePolicyCommand } from '@aws-sdk/client-ecr';
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { DescribeSecretCommand, GetResourcePolicyCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { listed } from '../graph.js';
import type { Facts, Target } from '../target.js';
import type { Keys } from './keys.js';
import { denies, nameIn, sameJson } from './policy.js';
import { type AwsOptions, ask, clientConfig } from './request.js';
import { type Service, serviceOf } from './service.js';
import { readPolicy, statementFacts } from './statements.js';

/** What keeps something beside buckets and databases, and what runs it all. */
export const openServices = (options: AwsOptions): Readonly<Record<string, Service>> => ({
  queue: serviceOf((region) => new SQSClient(clientConfig(region, options)), readQueue),
  secret: serviceOf((region) => new SecretsManagerClient(clientConfig(region, options)), readSecret),
  images: serviceOf((region) => new ECRClient(clientConfig(region, options)), readImages),
  cluster: serviceOf((region) => new EKSClient(clientConfig(region, options)), readCluster),
  log: serviceOf((region) => new CloudWatchLogsClient(clientConfig(region, options)), readLog),
});

async function readQueue(client: SQSClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const absent = ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'];
  const found = await ask(client.send(new GetQueueUrlCommand({ QueueName: name })), absent);
  if (found?.QueueUrl === undefined) return undefined;
  const command = new GetQueueAttributesCommand({ QueueUrl: found.QueueUrl, AttributeNames: ['All'] });
  const said = (await ask(client.send(command), absent))?.Attributes;
  if (said === undefined) return undefined;
  const redrive = JSON.parse(said.RedrivePolicy ?? '{}') as {
    readonly deadLetterTargetArn?: string;
    readonly maxReceiveCount?: number | string;
  };
  return {
    'encryption key': await keys.nameOf(said.KmsMasterKeyId, region),
    'kept seconds': Number(said.MessageRetentionPeriod),
    'put aside in': nameIn(redrive.deadLetterTargetArn),
    'put aside after': redrive.maxReceiveCount === undefined ? undefined : Number(redrive.maxReceiveCount),
    'put aside from': sameJson(await readPolicy(said.RedriveAllowPolicy, keys)),
    'TLS only': denies(said.Policy, 'Bool', 'aws:SecureTransport', 'false'),
    ...statementFacts(await readPolicy(said.Policy, keys)),
  };
}

async function readSecret(
  client: SecretsManagerClient,
  { name, region }: Target,
  keys: Keys,
): Promise<Facts | undefined> {
  const found = await ask(client.send(new DescribeSecretCommand({ SecretId: name })), ['ResourceNotFoundException']);
  if (found === undefined) return undefined;
  const absent = ['ResourceNotFoundException'];
  const policy = await ask(client.send(new GetResourcePolicyCommand({ SecretId: name })), absent);
  const copies = await Promise.all(
    (found.ReplicationStatus ?? []).map(({ KmsKeyId, Region = '' }) => keys.nameOf(KmsKeyId, Region)),
  );
  return {
    'encryption key': await keys.nameOf(found.KmsKeyId, region),
    'keys of copies': listed(copies),
    'to be deleted': found.DeletedDate !== undefined,
    ...statementFacts(await readPolicy(policy?.ResourcePolicy, keys)),
  };
}

async function readImages(client: ECRClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const command = new DescribeRepositoriesCommand({ repositoryNames: [name] });
  const [one] = (await ask(client.send(command), ['RepositoryNotFoundException']))?.repositories ?? [];
  if (one === undefined) return undefined;
  const ends = new GetLifecyclePolicyCommand({ repositoryName: name });
  return {
    'encryption key': await keys.nameOf(one.encryptionConfiguration?.kmsKey, region),
    tags: one.imageTagMutability,
    'scanned on push': one.imageScanningConfiguration?.scanOnPush === true,
    ends: sameJson((await ask(client.send(ends), ['LifecyclePolicyNotFoundException']))?.lifecyclePolicyText),
  };
}

async function readCluster(client: EKSClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const found = await ask(client.send(new DescribeClusterCommand({ name })), ['ResourceNotFoundException']);
  const cluster = found?.cluster;
  if (cluster === undefined) return undefined;
  const secrets = cluster.encryptionConfig?.find(({ resources }) => resources?.includes('secrets'));
  const logs = (cluster.logging?.clusterLogging ?? []).flatMap(({ enabled, types }) => (enabled ? (types ?? []) : []));
  return {
    'encryption key': await keys.nameOf(secrets?.provider?.keyArn, region),
    public: cluster.resourcesVpcConfig?.endpointPublicAccess === true,
    private: cluster.resourcesVpcConfig?.endpointPrivateAccess === true,
    'asked from':
      cluster.resourcesVpcConfig?.endpointPublicAccess === true
        ? listed(cluster.resourcesVpcConfig.publicAccessCidrs)
        : undefined,
    logs: listed(logs),
    groups: listed(cluster.resourcesVpcConfig?.securityGroupIds),
    'who may': cluster.accessConfig?.authenticationMode,
  };
}

async function readLog(client: CloudWatchLogsClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const looking = (async () => {
    for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, { logGroupNamePrefix: name })) {
      const found = logGroups.find(({ logGroupName }) => logGroupName === name);
      if (found !== undefined) return found;
    }
    return undefined;
  })();
  const group = await ask(looking, ['ResourceNotFoundException']);
  if (group === undefined) return undefined;
  return { 'encryption key': await keys.nameOf(group.kmsKeyId, region), 'kept days': group.retentionInDays };
}
