import { LoggingProjectBucketConfig } from '@cdktf/provider-google/lib/logging-project-bucket-config/index.js';
import { LoggingProjectSink } from '@cdktf/provider-google/lib/logging-project-sink/index.js';
import type { Construct } from 'constructs';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import type { ResolvedNetwork } from './contract.js';

type GcpNetwork = ResolvedNetwork<GcpSite>;

/** Google keeps logs for 30 days under its own key unless they have a bucket of their own. */
export function buildFlowLogs(unit: Construct, { site, name, key, flowLogDays }: GcpNetwork): void {
  const bucket = new LoggingProjectBucketConfig(unit, 'flows', {
    project: site.projectId,
    location: site.region,
    bucketId: checkName('gcp', 'network', `${name}-flows`),
    description: 'memplane: connections and firewall decisions',
    retentionDays: flowLogDays,
    cmekSettings: { kmsKeyName: key.id },
    dependsOn: [...key.ready],
  });
  const logs = ['vpc_flows', 'firewall', 'nat_flows'].map(
    (log) => `"projects/${site.projectId}/logs/compute.googleapis.com%2F${log}"`,
  );
  new LoggingProjectSink(unit, 'flow_log', {
    project: site.projectId,
    name: checkName('gcp', 'network', `${name}-flows`),
    destination: `logging.googleapis.com/${bucket.id}`,
    filter: `logName=(${logs.join(' OR ')})`,
    uniqueWriterIdentity: true,
  });
}
