import {
  AmpClient,
  DescribeLoggingConfigurationCommand,
  DescribeWorkspaceCommand,
  ListWorkspacesCommand,
} from '@aws-sdk/client-amp';
import {
  BackupClient,
  DescribeBackupVaultCommand,
  GetBackupPlanCommand,
  GetBackupSelectionCommand,
  paginateListBackupPlans,
  paginateListBackupSelections,
} from '@aws-sdk/client-backup';
import {
  CloudTrailClient,
  GetEventSelectorsCommand,
  GetTrailCommand,
  GetTrailStatusCommand,
} from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeRuleCommand, EventBridgeClient, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { ListHostedZonesByNameCommand, Route53Client } from '@aws-sdk/client-route-53';
import {
  GetTopicAttributesCommand,
  paginateListSubscriptionsByTopic,
  paginateListTopics,
  SNSClient,
} from '@aws-sdk/client-sns';
import { listed } from '../graph.js';
import type { Facts, Target } from '../target.js';
import type { Keys } from './keys.js';
import { denies, nameIn, sameJson } from './policy.js';
import { type AwsOptions, ask, clientConfig } from './request.js';
import { type Service, serviceOf } from './service.js';
import { readPolicy, statementFacts } from './statements.js';

/** Who is told of what, which trail says who did it, and what is kept beside stores: names, metrics, copies of volumes. */
export const openWatch = (options: AwsOptions): Readonly<Record<string, Service>> => ({
  trail: serviceOf((region) => new CloudTrailClient(clientConfig(region, options)), readTrail),
  topic: serviceOf((region) => new SNSClient(clientConfig(region, options)), readTopic),
  alarm: serviceOf((region) => new CloudWatchClient(clientConfig(region, options)), readAlarm),
  event: serviceOf((region) => new EventBridgeClient(clientConfig(region, options)), readEvent),
  volumes: serviceOf((region) => new BackupClient(clientConfig(region, options)), readVolumes),
  nightly: serviceOf((region) => new BackupClient(clientConfig(region, options)), readNightly),
  chosen: serviceOf((region) => new BackupClient(clientConfig(region, options)), readChosen),
  zone: serviceOf((region) => new Route53Client(clientConfig(region, options)), readZone),
  metrics: serviceOf((region) => new AmpClient(clientConfig(region, options)), readMetrics),
});

const NO_TRAIL = ['TrailNotFoundException'];

async function readTrail(client: CloudTrailClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const trail = (await ask(client.send(new GetTrailCommand({ Name: name })), NO_TRAIL))?.Trail;
  if (trail === undefined) return undefined;
  const [status, selected] = await Promise.all([
    ask(client.send(new GetTrailStatusCommand({ Name: name })), NO_TRAIL),
    ask(client.send(new GetEventSelectorsCommand({ TrailName: name })), NO_TRAIL),
  ]);
  const fields = (selected?.AdvancedEventSelectors ?? []).flatMap(({ FieldSelectors = [] }) => FieldSelectors);
  return {
    records: status?.IsLogging === true,
    'every region': trail.IsMultiRegionTrail === true,
    'changes are noticed': trail.LogFileValidationEnabled === true,
    'encryption key': await keys.nameOf(trail.KmsKeyId, region),
    'written to': trail.S3BucketName,
    'and to': groupIn(trail.CloudWatchLogsLogGroupArn),
    'every object of': listed(fields.flatMap(({ StartsWith = [] }) => StartsWith)),
  };
}

/** `arn:…:log-group:<name>:*` → `<name>` */
const groupIn = (arn: string | undefined): string | undefined => nameIn(arn?.replace(/:\*$/, ''));

async function readTopic(client: SNSClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const looking = (async () => {
    for await (const { Topics = [] } of paginateListTopics({ client }, {})) {
      const found = Topics.find(({ TopicArn }) => nameIn(TopicArn) === name);
      if (found?.TopicArn !== undefined) return found.TopicArn;
    }
    return undefined;
  })();
  const TopicArn = await ask(looking, []);
  if (TopicArn === undefined) return undefined;
  const said = (await ask(client.send(new GetTopicAttributesCommand({ TopicArn })), ['NotFoundException']))?.Attributes;
  if (said === undefined) return undefined;
  const people = (async () => {
    const found: string[] = [];
    for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn })) {
      for (const { SubscriptionArn = '', Endpoint } of Subscriptions) {
        if (Endpoint !== undefined && SubscriptionArn.startsWith('arn:')) found.push(Endpoint);
      }
    }
    return found;
  })();
  return {
    'encryption key': await keys.nameOf(said.KmsMasterKeyId, region),
    'TLS only': denies(said.Policy, 'Bool', 'aws:SecureTransport', 'false'),
    ...statementFacts(await readPolicy(said.Policy, keys)),
    'confirmed by': listed(await ask(people, ['NotFoundException'])),
  };
}

async function readAlarm(client: CloudWatchClient, { name }: Target): Promise<Facts | undefined> {
  const alarm = (await ask(client.send(new DescribeAlarmsCommand({ AlarmNames: [name] })), []))?.MetricAlarms?.[0];
  if (alarm === undefined) return undefined;
  return {
    on: alarm.ActionsEnabled === true,
    metric: alarm.MetricName,
    threshold: alarm.Threshold,
    'without data': alarm.TreatMissingData,
    tells: listed((alarm.AlarmActions ?? []).map(nameIn)),
  };
}

async function readEvent(client: EventBridgeClient, { name }: Target): Promise<Facts | undefined> {
  const absent = ['ResourceNotFoundException'];
  const rule = await ask(client.send(new DescribeRuleCommand({ Name: name })), absent);
  if (rule === undefined) return undefined;
  const targets = await ask(client.send(new ListTargetsByRuleCommand({ Rule: name })), absent);
  return {
    on: rule.State === 'ENABLED',
    pattern: sameJson(rule.EventPattern),
    tells: listed((targets?.Targets ?? []).map(({ Arn }) => nameIn(Arn))),
  };
}

async function readVolumes(client: BackupClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  // Without rights on a vault that does not exist, AWS says that they are missing; with them, that it is.
  const command = new DescribeBackupVaultCommand({ BackupVaultName: name });
  const vault = await ask(client.send(command), ['ResourceNotFoundException']);
  if (vault === undefined) return undefined;
  return {
    'encryption key': await keys.nameOf(vault.EncryptionKeyArn, region),
    locked: vault.Locked === true,
    'kept at least days': vault.MinRetentionDays,
    'kept at most days': vault.MaxRetentionDays,
  };
}

async function planId(client: BackupClient, name: string): Promise<string | undefined> {
  for await (const { BackupPlansList = [] } of paginateListBackupPlans({ client }, {})) {
    const found = BackupPlansList.find(({ BackupPlanName }) => BackupPlanName === name);
    if (found?.BackupPlanId !== undefined) return found.BackupPlanId;
  }
  return undefined;
}

async function readChosen(client: BackupClient, { name: path }: Target): Promise<Facts | undefined> {
  const [plan = '', name] = path.split('/');
  const BackupPlanId = await ask(planId(client, plan), []);
  if (BackupPlanId === undefined) return undefined;
  const looking = (async () => {
    for await (const { BackupSelectionsList = [] } of paginateListBackupSelections({ client }, { BackupPlanId })) {
      const found = BackupSelectionsList.find(({ SelectionName }) => SelectionName === name);
      if (found?.SelectionId !== undefined) return found.SelectionId;
    }
    return undefined;
  })();
  const SelectionId = await ask(looking, []);
  if (SelectionId === undefined) return undefined;
  const command = new GetBackupSelectionCommand({ BackupPlanId, SelectionId });
  const chosen = (await ask(client.send(command), ['ResourceNotFoundException']))?.BackupSelection;
  return {
    'by tags': listed(
      (chosen?.ListOfTags ?? []).map(({ ConditionKey, ConditionValue }) => `${ConditionKey}=${ConditionValue}`),
    ),
    as: chosen?.IamRoleArn?.split('/').at(-1),
  };
}

async function readNightly(client: BackupClient, { name }: Target): Promise<Facts | undefined> {
  const BackupPlanId = await ask(planId(client, name), []);
  if (BackupPlanId === undefined) return undefined;
  const found = await ask(client.send(new GetBackupPlanCommand({ BackupPlanId })), ['ResourceNotFoundException']);
  const rule = found?.BackupPlan?.Rules?.[0];
  return {
    when: rule?.ScheduleExpression,
    'kept days': rule?.Lifecycle?.DeleteAfterDays,
    'kept in': rule?.TargetBackupVaultName,
  };
}

async function readZone(client: Route53Client, { name }: Target): Promise<Facts | undefined> {
  const command = new ListHostedZonesByNameCommand({ DNSName: name, MaxItems: 1 });
  const zone = (await ask(client.send(command), []))?.HostedZones?.[0];
  // Without one of this name the next in the alphabet comes.
  return zone?.Name === `${name}.` ? { private: zone.Config?.PrivateZone === true } : undefined;
}

async function readMetrics(client: AmpClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const known = await ask(client.send(new ListWorkspacesCommand({ alias: name })), []);
  const workspaceId = known?.workspaces?.find(({ alias }) => alias === name)?.workspaceId;
  if (workspaceId === undefined) return undefined;
  const absent = ['ResourceNotFoundException'];
  const [described, logs] = await Promise.all([
    ask(client.send(new DescribeWorkspaceCommand({ workspaceId })), absent),
    ask(client.send(new DescribeLoggingConfigurationCommand({ workspaceId })), absent),
  ]);
  if (described?.workspace === undefined) return undefined;
  return {
    'encryption key': await keys.nameOf(described.workspace.kmsKeyArn, region),
    log: groupIn(logs?.loggingConfiguration?.logGroupArn),
  };
}
