import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { PrometheusWorkspace } from '@cdktf/provider-aws/lib/prometheus-workspace/index.js';
import type { Construct } from 'constructs';
import { buildAccountRole } from '../identity/aws-account-role.js';
import { allow, document } from '../identity/aws-statements.js';
import { GUARDED } from '../support/guard.js';
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
  const [namespace, account] = SCRAPER;
  const { role, arn } = buildAccountRole(unit, 'scraper', { ...config, namespace, account });
  new IamRolePolicy(unit, 'scraper_writes', {
    ...providerOf(config.site),
    name: 'writes',
    role: role.id,
    policy: document([allow('Writes', 'aps:RemoteWrite', workspace.arn)]),
  });
  return arn;
}
