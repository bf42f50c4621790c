import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js';
import type { Construct } from 'constructs';
import { buildServiceTrust } from '../support/aws-service-trust.js';
import { buildName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedPostgres } from './contract.js';

type AwsPostgres = ResolvedPostgres<AwsSite>;

/** Under the names that RDS writes to. */
export function buildLogGroups(
  unit: Construct,
  { site, tags, logKey, logDays }: AwsPostgres,
  identifier: string,
  id = 'primary',
): readonly CloudwatchLogGroup[] {
  return ['postgresql', 'upgrade'].map(
    (log) =>
      new CloudwatchLogGroup(unit, `${id}_log_${log}`, {
        ...providerOf(site),
        name: `/aws/rds/instance/${identifier}/${log}`,
        kmsKeyId: logKey.id,
        retentionInDays: logDays,
        tags: buildTags('aws', tags, 'ops'),
      }),
  );
}

/** Reads the operating system's counters once a minute. */
export function buildMonitor(unit: Construct, { site, name, tags }: AwsPostgres): IamRole {
  const role = new IamRole(unit, 'monitor', {
    ...providerOf(site),
    name: buildName('aws', 'role', [name, 'monitoring']),
    path: site.rolePath,
    assumeRolePolicy: buildServiceTrust(site, 'monitoring.rds.amazonaws.com'),
    tags: buildTags('aws', tags, 'ops'),
  });
  new IamRolePolicyAttachment(unit, 'monitors', {
    ...providerOf(site),
    role: role.name,
    policyArn: `arn:${site.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole`,
  });
  return role;
}
