import { AmpClient, CreateLoggingConfigurationCommand, CreateWorkspaceCommand } from '@aws-sdk/client-amp';
import {
  BackupClient,
  CreateBackupPlanCommand,
  CreateBackupVaultCommand,
  PutBackupVaultLockConfigurationCommand,
} from '@aws-sdk/client-backup';
import {
  type AdvancedFieldSelector,
  CloudTrailClient,
  CreateTrailCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { CreateTopicCommand, SetTopicAttributesCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import type { AwsStand } from './aws-services.js';
import { attributesOf, first, referred } from './graph-attributes.js';
import type { Attributes } from './terraform-json.js';

/** Alarms, the trail, copies of volumes, names and metrics, with the SDK alone, as far as the verifier looks at them. */
export async function makeWatch(stand: AwsStand): Promise<void> {
  for (const [address, one] of attributesOf(stand.stack, 'aws_sns_topic')) await makeTopic(stand, address, one);
  for (const one of each(stand, 'aws_cloudwatch_metric_alarm')) await makeAlarm(stand, one);
  for (const [address, one] of attributesOf(stand.stack, 'aws_cloudwatch_event_rule')) {
    await makeEvent(stand, address, one);
  }
  for (const one of each(stand, 'aws_cloudtrail')) await makeTrail(stand, one);
  for (const [address, one] of attributesOf(stand.stack, 'aws_backup_vault')) await makeVolumes(stand, address, one);
  for (const one of each(stand, 'aws_backup_plan')) await makeNightly(stand, one);
  for (const one of each(stand, 'aws_route53_zone')) await makeZone(stand, one);
  for (const one of each(stand, 'aws_prometheus_workspace')) await makeMetrics(stand, one);
}

const each = ({ stack }: AwsStand, type: string): readonly Attributes[] =>
  attributesOf(stack, type).map(([, one]) => one);

const belongs = (address: string, expression: unknown): boolean => String(expression).startsWith(`\${${address}.`);

const topicArn = ({ stack, config, account }: AwsStand, one: Attributes, expression: unknown): string =>
  `arn:aws:sns:${config(one).region}:${account}:${referred(stack, expression).name}`;

const logArn = ({ stack, config, account }: AwsStand, one: Attributes, expression: unknown): string =>
  `arn:aws:logs:${config(one).region}:${account}:log-group:${referred(stack, expression).name}:*`;

async function makeTopic(stand: AwsStand, address: string, one: Attributes): Promise<void> {
  const { stack, config, key, filled } = stand;
  const client = new SNSClient(config(one));
  const KmsMasterKeyId = key(one.kms_master_key_id);
  const { TopicArn } = await client.send(
    new CreateTopicCommand({ Name: String(one.name), Attributes: { KmsMasterKeyId } }),
  );
  const policy = attributesOf(stack, 'aws_sns_topic_policy').find(([, { arn }]) => belongs(address, arn));
  const AttributeValue = filled(policy?.[1].policy);
  await client.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }));
  for (const [, { topic_arn, protocol, endpoint }] of attributesOf(stack, 'aws_sns_topic_subscription')) {
    if (!belongs(address, topic_arn)) continue;
    await client.send(new SubscribeCommand({ TopicArn, Protocol: String(protocol), Endpoint: String(endpoint) }));
  }
}

async function makeAlarm(stand: AwsStand, one: Attributes): Promise<void> {
  await new CloudWatchClient(stand.config(one)).send(
    new PutMetricAlarmCommand({
      AlarmName: String(one.alarm_name),
      MetricName: String(one.metric_name),
      Namespace: String(one.namespace),
      Threshold: Number(one.threshold),
      ComparisonOperator: one.comparison_operator as 'GreaterThanThreshold',
      EvaluationPeriods: Number(one.evaluation_periods),
      Period: Number(one.period),
      Statistic: one.statistic as 'Maximum',
      TreatMissingData: String(one.treat_missing_data),
      AlarmActions: ((one.alarm_actions ?? []) as readonly unknown[]).map((action) => topicArn(stand, one, action)),
    }),
  );
}

async function makeEvent(stand: AwsStand, address: string, one: Attributes): Promise<void> {
  const client = new EventBridgeClient(stand.config(one));
  const Name = String(one.name);
  await client.send(new PutRuleCommand({ Name, EventPattern: String(one.event_pattern), State: 'ENABLED' }));
  const Targets = attributesOf(stand.stack, 'aws_cloudwatch_event_target')
    .filter(([, { rule }]) => belongs(address, rule))
    .map(([Id, { arn }]) => ({ Id: Id.slice(0, 60), Arn: topicArn(stand, one, arn) }));
  await client.send(new PutTargetsCommand({ Rule: Name, Targets }));
}

async function makeTrail(stand: AwsStand, one: Attributes): Promise<void> {
  const client = new CloudTrailClient(stand.config(one));
  const Name = String(one.name);
  await client.send(
    new CreateTrailCommand({
      Name,
      S3BucketName: String(one.s3_bucket_name),
      KmsKeyId: stand.key(one.kms_key_id),
      IsMultiRegionTrail: true,
      IncludeGlobalServiceEvents: true,
      EnableLogFileValidation: true,
      CloudWatchLogsLogGroupArn: logArn(stand, one, one.cloud_watch_logs_group_arn),
      CloudWatchLogsRoleArn: `arn:aws:iam::${stand.account}:role/trail`,
    }),
  );
  const AdvancedEventSelectors = (one.advanced_event_selector as readonly Attributes[]).map((selector) => ({
    Name: String(selector.name),
    FieldSelectors: (selector.field_selector as readonly Attributes[]).map(
      ({ field, equals, starts_with }): AdvancedFieldSelector => ({
        Field: String(field),
        ...(equals === undefined ? {} : { Equals: equals as string[] }),
        ...(starts_with === undefined ? {} : { StartsWith: starts_with as string[] }),
      }),
    ),
  }));
  await client.send(new PutEventSelectorsCommand({ TrailName: Name, AdvancedEventSelectors }));
  await client.send(new StartLoggingCommand({ Name }));
}

async function makeVolumes({ stack, config, key }: AwsStand, address: string, one: Attributes): Promise<void> {
  const client = new BackupClient(config(one));
  const BackupVaultName = String(one.name);
  const EncryptionKeyArn = key(one.kms_key_arn);
  await client.send(new CreateBackupVaultCommand({ BackupVaultName, EncryptionKeyArn }));
  const lock = attributesOf(stack, 'aws_backup_vault_lock_configuration').find(([, { backup_vault_name }]) =>
    belongs(address, backup_vault_name),
  )?.[1];
  if (lock === undefined) return;
  await client.send(
    new PutBackupVaultLockConfigurationCommand({
      BackupVaultName,
      MinRetentionDays: Number(lock.min_retention_days),
      MaxRetentionDays: Number(lock.max_retention_days),
      ChangeableForDays: Number(lock.changeable_for_days),
    }),
  );
}

async function makeNightly({ stack, config }: AwsStand, one: Attributes): Promise<void> {
  const rule = first(one.rule);
  const Rules = [
    {
      RuleName: String(rule.rule_name),
      TargetBackupVaultName: String(referred(stack, rule.target_vault_name).name),
      ScheduleExpression: String(rule.schedule),
      Lifecycle: { DeleteAfterDays: Number(first(rule.lifecycle).delete_after) },
    },
  ];
  const BackupPlan = { BackupPlanName: String(one.name), Rules };
  await new BackupClient(config(one)).send(new CreateBackupPlanCommand({ BackupPlan }));
}

async function makeZone({ config }: AwsStand, one: Attributes): Promise<void> {
  const command = new CreateHostedZoneCommand({ Name: String(one.name), CallerReference: 'once' });
  await new Route53Client(config(one)).send(command);
}

async function makeMetrics(stand: AwsStand, one: Attributes): Promise<void> {
  const client = new AmpClient(stand.config(one));
  const kmsKeyArn = stand.key(one.kms_key_arn);
  const { workspaceId } = await client.send(new CreateWorkspaceCommand({ alias: String(one.alias), kmsKeyArn }));
  const logGroupArn = logArn(stand, one, first(one.logging_configuration).log_group_arn);
  await client.send(new CreateLoggingConfigurationCommand({ workspaceId, logGroupArn }));
}
