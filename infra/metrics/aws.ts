import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { PrometheusWorkspace } from '@cdktf/provider-aws/lib/prometheus-workspace/index.js';
import type { Construct } from 'constructs';
import { buildIrsaTrust } from '../identity/aws-trust.js';
import { GUARDED } from '../support/guard.js';
import { buildName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { type MetricsConfig, type MetricsOutput, SCRAPER } from './contract.js';

type AwsMetrics = MetricsConfig<AwsSite>;

export function buildAwsMetrics(unit: Construct, config: AwsMetrics): MetricsOutput {
  const { site, name, tags, key, logDays } = config;
  const log = new CloudwatchLogGroup(unit, 'log', {
    ...providerOf(site),
    name: `/aws/prometheus/${name}`,
    kmsKeyId: key.id,
    retentionInDays: logDays,
    tags: buildTags('aws', tags, 'ops'),
  });
  const workspace = new PrometheusWorkspace(unit, 'workspace', {
    ...providerOf(site),
    alias: name,
    kmsKeyArn: key.id,
    loggingConfiguration: { logGroupArn: `${log.arn}:*` },
    tags: buildTags('aws', tags, 'ops'),
    lifecycle: GUARDED,
  });
  return {
    provider: 'amp',
    endpoint: workspace.prometheusEndpoint,
    annotations: { 'eks.amazonaws.com/role-arn': buildScraper(unit, config, workspace) },
  };
}

/** It writes what it scraped, into this workspace; people ask with roles of their own. */
function buildScraper(unit: Construct, config: AwsMetrics, workspace: PrometheusWorkspace): string {
  const { site, tags, cluster } = config;
  const [namespace, account] = SCRAPER;
  const name = buildName('aws', 'role', [config.name, account]);
  const role = new IamRole(unit, 'scraper', {
    ...providerOf(site),
    name,
    path: site.rolePath,
    description: `memplane: service account ${account}`,
    assumeRolePolicy: buildIrsaTrust(site, cluster, namespace, account),
    maxSessionDuration: 3600,
    tags: buildTags('aws', tags, 'identity'),
  });
  const writes = { Sid: 'Writes', Effect: 'Allow', Action: 'aps:RemoteWrite', Resource: workspace.arn };
  new IamRolePolicy(unit, 'scraper_writes', {
    ...providerOf(site),
    name: 'writes',
    role: role.id,
    policy: JSON.stringify({ Version: '2012-10-17', Statement: [writes] }),
  });
  return `arn:${site.partition}:iam::${site.accountId}:role${site.rolePath}${name}`;
}
