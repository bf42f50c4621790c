import { Cloudtrail } from '@cdktf/provider-aws/lib/cloudtrail/index.js';
import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import type { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic/index.js';
import type { Construct } from 'constructs';
import { buildServiceTrust } from '../support/aws-service-trust.js';
import { GUARDED } from '../support/guard.js';
import { buildName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedObservability } from './contract.js';

type AwsObservability = ResolvedObservability<AwsSite>;

/** Everything that somebody did, in every region; and every object of the buckets that are evidence or keys. */
export function buildTrail(unit: Construct, config: AwsObservability, topic: SnsTopic): void {
  const { site, name, tags, key, logDays, trail } = config;
  const logs = new CloudwatchLogGroup(unit, 'trail_log', {
    ...providerOf(site),
    name: `/memplane/${name}/trail`,
    kmsKeyId: key.id,
    retentionInDays: logDays,
    tags: buildTags('aws', tags, 'ops'),
  });
  new Cloudtrail(unit, 'trail', {
    ...providerOf(site),
    name,
    s3BucketName: trail.bucket,
    snsTopicName: topic.name,
    cloudWatchLogsGroupArn: `${logs.arn}:*`,
    cloudWatchLogsRoleArn: buildWriter(unit, config, logs).arn,
    kmsKeyId: key.id,
    isMultiRegionTrail: true,
    includeGlobalServiceEvents: true,
    enableLogFileValidation: true,
    advancedEventSelector: [
      { name: 'what was changed', fieldSelector: [{ field: 'eventCategory', equalTo: ['Management'] }] },
      {
        name: 'what was read and written of evidence and keys',
        fieldSelector: [
          { field: 'eventCategory', equalTo: ['Data'] },
          { field: 'resources.type', equalTo: ['AWS::S3::Object'] },
          { field: 'resources.ARN', startsWith: trail.watches.map((arn) => `${arn}/`) },
        ],
      },
    ],
    tags: buildTags('aws', tags, 'ops'),
    lifecycle: GUARDED,
  });
  for (const [id, alarm] of Object.entries(alarms(site))) tell(unit, config, topic, id, alarm);
}

function buildWriter(unit: Construct, { site, name, tags }: AwsObservability, logs: CloudwatchLogGroup): IamRole {
  const writes = {
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: `${logs.arn}:*`,
  };
  const role = new IamRole(unit, 'trail_writer', {
    ...providerOf(site),
    name: buildName('aws', 'role', [name, 'trail']),
    path: site.rolePath,
    assumeRolePolicy: buildServiceTrust(site, 'cloudtrail.amazonaws.com'),
    tags: buildTags('aws', tags, 'ops'),
  });
  new IamRolePolicy(unit, 'trail_writes', {
    ...providerOf(site),
    role: role.id,
    policy: JSON.stringify({ Version: '2012-10-17', Statement: [writes] }),
  });
  return role;
}

interface Told {
  readonly says: string;
  readonly pattern: object;
}

/** What is allowed to very few, and is nobody's daily work. */
const alarms = ({ principals }: AwsSite): Readonly<Record<string, Told>> => ({
  keys_and_locks: {
    says: 'a key was ended or disabled, or a policy of a key or a bucket, or a lock, was changed',
    pattern: {
      source: ['aws.kms', 'aws.s3'],
      'detail-type': ['AWS API Call via CloudTrail'],
      detail: {
        eventName: [
          'ScheduleKeyDeletion',
          'DisableKey',
          'DeleteAlias',
          'PutKeyPolicy',
          'PutBucketPolicy',
          'DeleteBucketPolicy',
          'PutBucketObjectLockConfiguration',
          'PutBucketVersioning',
          'PutBucketReplication',
        ],
      },
    },
  },
  break_glass: {
    says: 'somebody broke the glass',
    pattern: {
      source: ['aws.sts'],
      'detail-type': ['AWS API Call via CloudTrail'],
      detail: { eventName: ['AssumeRole'], requestParameters: { roleArn: [principals.breakGlass] } },
    },
  },
});

function tell(
  unit: Construct,
  { site, name, tags }: AwsObservability,
  topic: SnsTopic,
  id: string,
  { says, pattern }: Told,
): void {
  const rule = new CloudwatchEventRule(unit, `event_${id}`, {
    ...providerOf(site),
    name: `${name}-${id.replace(/_/g, '-')}`,
    description: says,
    eventPattern: JSON.stringify(pattern),
    tags: buildTags('aws', tags, 'ops'),
  });
  new CloudwatchEventTarget(unit, `event_${id}_to_people`, { ...providerOf(site), rule: rule.name, arn: topic.arn });
}
