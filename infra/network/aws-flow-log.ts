import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { FlowLog } from '@cdktf/provider-aws/lib/flow-log/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import type { Vpc } from '@cdktf/provider-aws/lib/vpc/index.js';
import type { Construct } from 'constructs';
import { buildServiceTrust } from '../support/aws-service-trust.js';
import { buildName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedNetwork } from './contract.js';

type AwsNetwork = ResolvedNetwork<AwsSite>;

/** Every connection, let through or not, by the minute. */
export function buildFlowLog(unit: Construct, config: AwsNetwork, vpc: Vpc): void {
  const { site, name, tags, key, flowLogDays } = config;
  const group = new CloudwatchLogGroup(unit, 'flows', {
    ...providerOf(site),
    name: `/memplane/${name}/flows`,
    kmsKeyId: key.id,
    retentionInDays: flowLogDays,
    tags: buildTags('aws', tags, 'ops'),
  });
  new FlowLog(unit, 'flow_log', {
    ...providerOf(site),
    vpcId: vpc.id,
    trafficType: 'ALL',
    maxAggregationInterval: 60,
    logDestinationType: 'cloud-watch-logs',
    logDestination: group.arn,
    iamRoleArn: buildWriter(unit, config, group).arn,
    tags: buildTags('aws', tags, 'ops'),
  });
}

function buildWriter(unit: Construct, { site, name, tags }: AwsNetwork, group: CloudwatchLogGroup): IamRole {
  const role = new IamRole(unit, 'flow_writer', {
    ...providerOf(site),
    name: buildName('aws', 'role', [name, 'flow-logs']),
    path: site.rolePath,
    tags: buildTags('aws', tags, 'ops'),
    assumeRolePolicy: buildServiceTrust(site, 'vpc-flow-logs.amazonaws.com'),
  });
  new IamRolePolicy(unit, 'flow_writes', {
    ...providerOf(site),
    role: role.id,
    policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
          Resource: `${group.arn}:*`,
        },
      ],
    }),
  });
  return role;
}
