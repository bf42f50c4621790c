import { Testing } from 'cdktf';
import type { ClusterOutput } from '../../../infra/cluster/index.js';
import { buildKms } from '../../../infra/kms/index.js';
import { buildMetrics, type MetricsConfig, type MetricsOutput } from '../../../infra/metrics/index.js';
import type { Cloud } from '../../../infra/support/site.js';
import type { StackJson } from '../../support/stacks.js';
import { emptyStack, NAMES, SITES, TAGS } from '../sites.js';
import { NOWHERE, only } from '../units.js';

const CLUSTER = {
  id: 'cluster',
  name: 'cluster',
  issuer: 'https://issuer.example.com',
  issuerHost: 'issuer.example.com',
  federation: 'federation',
} as ClusterOutput;

interface Made {
  readonly stack: StackJson;
  readonly output: MetricsOutput;
}

function synthMetrics(cloud: Cloud, given: Partial<MetricsConfig> = {}): Made {
  const stack = emptyStack();
  const purposes = ['ops', 'data'] as const;
  const { keys } = buildKms(stack, 'kms', { site: SITES[cloud], name: NAMES[cloud].keys, purposes, tags: TAGS });
  const config = { site: SITES[cloud], name: 'memplane-test', tags: TAGS, cluster: CLUSTER, network: NOWHERE };
  const output = buildMetrics(stack, 'it', { ...config, key: keys.ops, logDays: 400, ...given });
  return { output, stack: JSON.parse(Testing.synth(stack)) as StackJson };
}

describe('metrics that the cloud keeps', () => {
  it('lie on AWS under the ops key, guarded, and are written by one service account', () => {
    const { stack } = synthMetrics('aws');
    const workspace = only(stack, 'aws_prometheus_workspace', 'it_workspace');
    expect(workspace).toMatchObject({ lifecycle: { prevent_destroy: true } });
    expect(workspace.kms_key_arn).toMatch(/^\$\{aws_kms_key\.kms_ops_key/);
    const { policy } = only(stack, 'aws_iam_role_policy', 'it_scraper_writes');
    expect(JSON.parse(String(policy))).toMatchObject({ Statement: [{ Action: 'aps:RemoteWrite' }] });
  });

  it('are on Google Cloud a setting of the cluster: nothing is made, and Prometheus asks the project', () => {
    const { output, stack } = synthMetrics('gcp');
    expect(Object.keys(stack.resource).filter((type) => !type.startsWith('google_kms'))).toEqual([]);
    expect(output.endpoint).toBe(
      'https://monitoring.googleapis.com/v1/projects/example-memplane/location/global/prometheus',
    );
  });

  it('neither are taken in from the internet nor asked for from there on Azure', () => {
    const { stack } = synthMetrics('azure');
    expect(only(stack, 'azurerm_monitor_workspace', 'it_workspace')).toMatchObject({
      public_network_access_enabled: false,
      lifecycle: { prevent_destroy: true },
    });
    expect(only(stack, 'azurerm_monitor_data_collection_endpoint', 'it_endpoint')).toMatchObject({
      public_network_access_enabled: false,
    });
    expect(only(stack, 'azurerm_private_endpoint', 'it_to_metrics')).toMatchObject({
      private_service_connection: { subresource_names: ['azuremonitor'] },
    });
  });

  it('have the key of logs', () => {
    const { keys } = buildKms(emptyStack(), 'kms', {
      site: SITES.aws,
      name: NAMES.aws.keys,
      purposes: ['data'],
      tags: TAGS,
    });
    expect(() => synthMetrics('aws', { key: keys.data })).toThrow('metrics have the key of logs (got "data")');
  });
});
