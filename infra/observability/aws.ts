import { CloudwatchMetricAlarm } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js';
import { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic/index.js';
import { SnsTopicPolicy } from '@cdktf/provider-aws/lib/sns-topic-policy/index.js';
import { SnsTopicSubscription } from '@cdktf/provider-aws/lib/sns-topic-subscription/index.js';
import type { Construct } from 'constructs';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildTrail } from './aws-trail.js';
import { LIMITS, type ObservabilityOutput, type ResolvedObservability } from './contract.js';

export type AwsObservability = ResolvedObservability<AwsSite>;

const GIB = 1024 ** 3;

interface Alarm {
  readonly id: string;
  readonly says: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Record<string, string>;
  readonly above?: number;
  readonly below?: number;
  /** A store that says nothing is down; an idle queue says nothing either. */
  readonly silence: 'breaching' | 'notBreaching';
}

export function buildAwsObservability(unit: Construct, config: AwsObservability): ObservabilityOutput {
  const topic = buildTopic(unit, config);
  for (const alarm of [...databaseAlarms(config), ...otherAlarms(config)]) buildAlarm(unit, config, topic, alarm);
  buildTrail(unit, config, topic);
  return { notifies: [topic.arn] };
}

function buildTopic(unit: Construct, { site, name, tags, key, emails }: AwsObservability): SnsTopic {
  const topic = new SnsTopic(unit, 'alarms', {
    ...providerOf(site),
    name: `${name}-alarms`,
    kmsMasterKeyId: key.id,
    tags: buildTags('aws', tags, 'ops'),
  });
  letServicesTell(unit, site, topic);
  emails.forEach((endpoint, index) => {
    new SnsTopicSubscription(unit, `email_${index + 1}`, {
      ...providerOf(site),
      topicArn: topic.arn,
      protocol: 'email',
      endpoint,
    });
  });
  return topic;
}

function letServicesTell(unit: Construct, site: AwsSite, topic: SnsTopic): void {
  new SnsTopicPolicy(unit, 'alarms_policy', {
    ...providerOf(site),
    arn: topic.arn,
    policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'ServicesOfThisAccount',
          Effect: 'Allow',
          Principal: { Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com', 'cloudtrail.amazonaws.com'] },
          Action: 'sns:Publish',
          Resource: topic.arn,
          Condition: { StringEquals: { 'aws:SourceAccount': site.accountId } },
        },
        {
          Sid: 'TlsOnly',
          Effect: 'Deny',
          Principal: '*',
          Action: 'sns:Publish',
          Resource: topic.arn,
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    }),
  });
}

function databaseAlarms({ databases }: AwsObservability): readonly Alarm[] {
  const shared = { namespace: 'AWS/RDS', silence: 'breaching' } as const;
  return databases.flatMap(({ name, label, storageGb, maxConnections, replicas }): readonly Alarm[] => [
    {
      ...shared,
      id: `storage_${label}`,
      says: `${name}: less than ${100 - LIMITS.storagePercent} % of the storage is free`,
      metricName: 'FreeStorageSpace',
      dimensions: { DBInstanceIdentifier: name },
      below: Math.floor((storageGb * GIB * (100 - LIMITS.storagePercent)) / 100),
    },
    {
      ...shared,
      id: `connections_${label}`,
      says: `${name}: more than ${LIMITS.connectionsPercent} % of the connections are taken`,
      metricName: 'DatabaseConnections',
      dimensions: { DBInstanceIdentifier: name },
      above: Math.floor((maxConnections * LIMITS.connectionsPercent) / 100),
    },
    ...replicas.map(
      ({ name: replica }, index): Alarm => ({
        ...shared,
        id: `lag_${label}-r${index + 1}`,
        says: `${replica}: more than ${LIMITS.lagSeconds} s behind`,
        metricName: 'ReplicaLag',
        dimensions: { DBInstanceIdentifier: replica },
        above: LIMITS.lagSeconds,
      }),
    ),
  ]);
}

function otherAlarms({ cache, deadLetters }: AwsObservability): readonly Alarm[] {
  return [
    ...(cache === undefined
      ? []
      : [
          {
            id: 'memory_cache',
            says: `the cache is more than ${LIMITS.memoryPercent} % full; it refuses writes when it is full`,
            namespace: 'AWS/ElastiCache',
            metricName: 'DatabaseMemoryUsagePercentage',
            // Its first member: all hold the same.
            dimensions: { CacheClusterId: `${cache.name}-001` },
            above: LIMITS.memoryPercent,
            silence: 'breaching',
          } as const,
        ]),
    ...(deadLetters === undefined
      ? []
      : [
          {
            id: 'dead_letters',
            says: 'writes were put aside: nobody will apply them unless somebody looks',
            namespace: 'AWS/SQS',
            metricName: 'ApproximateNumberOfMessagesVisible',
            dimensions: { QueueName: deadLetters.name },
            above: 0,
            silence: 'notBreaching',
          } as const,
        ]),
  ];
}

function buildAlarm(unit: Construct, { site, name, tags }: AwsObservability, topic: SnsTopic, alarm: Alarm): void {
  const { id, says, namespace, metricName, dimensions, above, below, silence } = alarm;
  new CloudwatchMetricAlarm(unit, `alarm_${id.replace(/-/g, '_')}`, {
    ...providerOf(site),
    alarmName: `${name}-${id.replace(/_/g, '-')}`,
    alarmDescription: says,
    namespace,
    metricName,
    dimensions,
    comparisonOperator: below === undefined ? 'GreaterThanThreshold' : 'LessThanThreshold',
    threshold: below ?? above ?? 0,
    statistic: below === undefined ? 'Maximum' : 'Minimum',
    period: 60,
    evaluationPeriods: 5,
    treatMissingData: silence,
    alarmActions: [topic.arn],
    okActions: [topic.arn],
    tags: buildTags('aws', tags, 'ops'),
  });
}
