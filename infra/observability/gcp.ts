import { LoggingMetric } from '@cdktf/provider-google/lib/logging-metric/index.js';
import { LoggingProjectBucketConfig } from '@cdktf/provider-google/lib/logging-project-bucket-config/index.js';
import { LoggingProjectSink } from '@cdktf/provider-google/lib/logging-project-sink/index.js';
import { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy/index.js';
import { MonitoringNotificationChannel } from '@cdktf/provider-google/lib/monitoring-notification-channel/index.js';
import type { Construct } from 'constructs';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { LIMITS, type ObservabilityOutput, type ResolvedObservability } from './contract.js';

type GcpObservability = ResolvedObservability<GcpSite>;

interface Alarm {
  readonly says: string;
  readonly filter: string;
  readonly above: number;
}

export function buildGcpObservability(unit: Construct, config: GcpObservability): ObservabilityOutput {
  keepAuditLogs(unit, config);
  const { site, emails, tags } = config;
  const channels = emails.map(
    (email, index) =>
      new MonitoringNotificationChannel(unit, `email_${index + 1}`, {
        project: site.projectId,
        displayName: `memplane: ${email}`,
        type: 'email',
        labels: { email_address: email },
        userLabels: buildTags('gcp', tags, 'ops'),
      }).name,
  );
  const ended = countEndedKeys(unit, config);
  const alarms = {
    ...databaseAlarms(config),
    ...otherAlarms(config),
    keys: {
      says: 'a version of a key is to be destroyed',
      filter: `metric.type = "logging.googleapis.com/user/${ended.name}" AND resource.type = "cloudkms_cryptokeyversion"`,
      above: 0,
    },
  };
  for (const [id, alarm] of Object.entries(alarms)) buildAlarm(unit, config, channels, id, alarm);
  return { notifies: channels };
}

/** Who did what, for as long as evidence is kept: Google's own bucket keeps half of it for 30 days. */
function keepAuditLogs(unit: Construct, { site, name, key, logDays, locked }: GcpObservability): void {
  const bucket = new LoggingProjectBucketConfig(unit, 'audit', {
    project: site.projectId,
    location: site.region,
    bucketId: checkName('gcp', 'network', `${name}-audit`),
    description: 'memplane: who did what',
    retentionDays: logDays,
    locked,
    cmekSettings: { kmsKeyName: key.id },
    dependsOn: [...key.ready],
  });
  new LoggingProjectSink(unit, 'audit_sink', {
    project: site.projectId,
    name: checkName('gcp', 'network', `${name}-audit`),
    destination: `logging.googleapis.com/${bucket.id}`,
    filter: 'log_id("cloudaudit.googleapis.com/activity") OR log_id("cloudaudit.googleapis.com/data_access")',
    uniqueWriterIdentity: true,
  });
}

const countEndedKeys = (unit: Construct, { site, name }: GcpObservability): LoggingMetric =>
  new LoggingMetric(unit, 'ended_keys', {
    project: site.projectId,
    name: `${name}-ended-keys`,
    description: 'memplane: versions of keys that somebody scheduled to be destroyed, or disabled',
    filter:
      'resource.type="cloudkms_cryptokeyversion" AND protoPayload.methodName=("DestroyCryptoKeyVersion" OR "UpdateCryptoKeyVersion")',
    metricDescriptor: { metricKind: 'DELTA', valueType: 'INT64', unit: '1' },
  });

function databaseAlarms({ site, databases }: GcpObservability): Readonly<Record<string, Alarm>> {
  const of = (name: string, metric: string): string =>
    `resource.type = "cloudsql_database" AND resource.labels.database_id = "${site.projectId}:${name}" AND metric.type = "cloudsql.googleapis.com/database/${metric}"`;
  return Object.fromEntries(
    databases.flatMap(({ name, label, maxConnections, replicas }): readonly (readonly [string, Alarm])[] => [
      [
        `storage_${label}`,
        {
          says: `${name}: more than ${LIMITS.storagePercent} % of the storage is used`,
          filter: of(name, 'disk/utilization'),
          above: LIMITS.storagePercent / 100,
        },
      ],
      [
        `connections_${label}`,
        {
          says: `${name}: more than ${LIMITS.connectionsPercent} % of the connections are taken`,
          filter: of(name, 'postgresql/num_backends'),
          above: Math.floor((maxConnections * LIMITS.connectionsPercent) / 100),
        },
      ],
      ...replicas.map(
        ({ name: replica }, index) =>
          [
            `lag_${label}-r${index + 1}`,
            {
              says: `${replica}: more than ${LIMITS.lagSeconds} s behind`,
              filter: of(replica, 'replication/replica_lag'),
              above: LIMITS.lagSeconds,
            },
          ] as const,
      ),
    ]),
  );
}

function otherAlarms({ cache, deadLetters }: GcpObservability): Readonly<Record<string, Alarm>> {
  return {
    ...(cache === undefined
      ? {}
      : {
          cache: {
            says: `the cache is more than ${LIMITS.memoryPercent} % full; it refuses writes when it is full`,
            filter: `resource.type = "memorystore.googleapis.com/Instance" AND resource.labels.instance_id = "${cache.name}" AND metric.type = "memorystore.googleapis.com/instance/memory/maximum_utilization"`,
            above: LIMITS.memoryPercent / 100,
          },
        }),
    ...(deadLetters === undefined
      ? {}
      : {
          dead_letters: {
            says: 'writes were put aside: nobody will apply them unless somebody looks',
            filter: `resource.type = "pubsub_subscription" AND resource.labels.subscription_id = "${deadLetters.name}" AND metric.type = "pubsub.googleapis.com/subscription/num_undelivered_messages"`,
            above: 0,
          },
        }),
  };
}

function buildAlarm(
  unit: Construct,
  { site, name, tags }: GcpObservability,
  notificationChannels: string[],
  id: string,
  { says, filter, above }: Alarm,
): void {
  new MonitoringAlertPolicy(unit, `alarm_${id.replace(/-/g, '_')}`, {
    project: site.projectId,
    displayName: `${name}: ${id}`,
    combiner: 'OR',
    conditions: [
      {
        displayName: says,
        conditionThreshold: {
          filter,
          comparison: 'COMPARISON_GT',
          thresholdValue: above,
          duration: '300s',
          aggregations: [{ alignmentPeriod: '60s', perSeriesAligner: 'ALIGN_MAX' }],
        },
      },
    ],
    documentation: { content: says, mimeType: 'text/markdown' },
    notificationChannels,
    userLabels: buildTags('gcp', tags, 'ops'),
  });
}
