import { MonitorActionGroup } from '@cdktf/provider-azurerm/lib/monitor-action-group/index.js';
import { MonitorActivityLogAlert } from '@cdktf/provider-azurerm/lib/monitor-activity-log-alert/index.js';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting/index.js';
import { MonitorMetricAlert } from '@cdktf/provider-azurerm/lib/monitor-metric-alert/index.js';
import type { Construct } from 'constructs';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildLogs } from './azure-logs.js';
import { LIMITS, type ObservabilityOutput, type ResolvedObservability } from './contract.js';

type AzureObservability = ResolvedObservability<AzureSite>;

interface Alarm {
  readonly says: string;
  readonly scope: string;
  readonly namespace: string;
  readonly metric: string;
  readonly above: number;
}

export function buildAzureObservability(unit: Construct, config: AzureObservability): ObservabilityOutput {
  const { site, name, tags, emails } = config;
  const place = { resourceGroupName: site.resourceGroup, tags: buildTags('azure', tags, 'ops') };
  const logs = buildLogs(unit, config);
  const people = new MonitorActionGroup(unit, 'people', {
    ...place,
    name: `${name}-people`,
    shortName: 'memplane',
    emailReceiver: emails.map((emailAddress, index) => ({
      name: `email-${index + 1}`,
      emailAddress,
      useCommonAlertSchema: true,
    })),
  });
  keepLogs(unit, config, logs.id);
  for (const [id, alarm] of Object.entries(alarmsOf(config))) buildAlarm(unit, config, people.id, id, alarm);
  tellOfLocks(unit, config, people.id);
  return { notifies: [people.id] };
}

/** Every category of each: a new one of Azure's is kept without anybody noticing it first. */
function keepLogs(unit: Construct, { name, logged }: AzureObservability, logAnalyticsWorkspaceId: string): void {
  for (const [id, targetResourceId] of Object.entries(logged)) {
    new MonitorDiagnosticSetting(unit, `logs_of_${id}`, {
      name: `${name}-logs`,
      targetResourceId,
      logAnalyticsWorkspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
    });
  }
}

function serverAlarms({ databases }: AzureObservability): readonly (readonly [string, Alarm])[] {
  return databases.flatMap(
    ({ name, label, id: scope, maxConnections, replicas }): readonly (readonly [string, Alarm])[] => {
      const of = { scope, namespace: 'Microsoft.DBforPostgreSQL/flexibleServers' };
      const taken = Math.floor((maxConnections * LIMITS.connectionsPercent) / 100);
      return [
        [
          `storage-${label}`,
          {
            ...of,
            says: `${name}: its storage is nearly full`,
            metric: 'storage_percent',
            above: LIMITS.storagePercent,
          },
        ],
        [
          `connections-${label}`,
          { ...of, says: `${name}: its connections are nearly taken`, metric: 'active_connections', above: taken },
        ],
        ...replicas.map(
          ({ name: replica, id }, index) =>
            [
              `lag-${label}-r${index + 1}`,
              {
                ...of,
                scope: id,
                says: `${replica}: more than ${LIMITS.lagSeconds} s behind`,
                metric: 'physical_replication_delay_in_seconds',
                above: LIMITS.lagSeconds,
              },
            ] as const,
        ),
      ];
    },
  );
}

function alarmsOf(config: AzureObservability): Readonly<Record<string, Alarm>> {
  const { cache, deadLetters } = config;
  return {
    ...Object.fromEntries(serverAlarms(config)),
    ...(cache === undefined
      ? {}
      : {
          cache: {
            says: 'the cache is nearly full; it refuses writes when it is full',
            scope: cache.id,
            namespace: 'Microsoft.Cache/redisEnterprise',
            metric: 'usedmemorypercentage',
            above: LIMITS.memoryPercent,
          },
        }),
    ...(deadLetters === undefined
      ? {}
      : {
          'dead-letters': {
            says: 'writes were put aside: nobody will apply them unless somebody looks',
            scope: deadLetters.id,
            namespace: 'Microsoft.ServiceBus/namespaces',
            metric: 'DeadletteredMessages',
            above: 0,
          },
        }),
  };
}

function buildAlarm(
  unit: Construct,
  { site, name, tags }: AzureObservability,
  actionGroupId: string,
  id: string,
  { says, scope, namespace, metric, above }: Alarm,
): void {
  new MonitorMetricAlert(unit, `alarm_${id.replace(/-/g, '_')}`, {
    name: `${name}-${id}`,
    resourceGroupName: site.resourceGroup,
    description: says,
    scopes: [scope],
    severity: 1,
    frequency: 'PT1M',
    windowSize: 'PT5M',
    criteria: [
      {
        metricNamespace: namespace,
        metricName: metric,
        aggregation: 'Maximum',
        operator: 'GreaterThan',
        threshold: above,
        // Checked at creation otherwise, when a new store has measured nothing yet.
        skipMetricValidation: true,
      },
    ],
    action: [{ actionGroupId }],
    tags: buildTags('azure', tags, 'ops'),
  });
}

/** What is allowed to very few, and is nobody's daily work. */
const RARE = {
  lock_gone: 'Microsoft.Authorization/locks/delete',
  vault_gone: 'Microsoft.KeyVault/vaults/delete',
  rights_given: 'Microsoft.Authorization/roleAssignments/write',
} as const;

function tellOfLocks(unit: Construct, { site, name, tags }: AzureObservability, actionGroupId: string): void {
  for (const [id, operationName] of Object.entries(RARE)) {
    new MonitorActivityLogAlert(unit, `event_${id}`, {
      name: `${name}-${id.replace('_', '-')}`,
      resourceGroupName: site.resourceGroup,
      location: 'global',
      description: operationName,
      scopes: [`/subscriptions/${site.subscriptionId}`],
      criteria: { category: 'Administrative', operationName, statuses: ['Succeeded'] },
      action: [{ actionGroupId }],
      tags: buildTags('azure', tags, 'ops'),
    });
  }
}
