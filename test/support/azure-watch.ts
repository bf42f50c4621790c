import type { AzureNames } from './azure-services.js';
import { attributesOf, first, named, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

type Answered = readonly (readonly [path: string, body: unknown])[];
type List = readonly Attributes[];
const list = (value: unknown): List => (Array.isArray(value) ? value : value === undefined ? [] : [value]) as List;

/** Alarms and whom they tell, records of calls and flows, copies and names, in the shapes of Resource Manager. */
export function azureWatch(stack: StackJson, names: AzureNames): Answered {
  const each = (type: string, provider: string, answer: (one: Attributes) => unknown): Answered =>
    attributesOf(stack, type).map(([, one]) => [names.path(one, provider), answer(one)] as const);
  const groupIds = (one: Attributes): readonly string[] =>
    list(one.action).map(({ action_group_id }) =>
      names.path(referred(stack, action_group_id), 'Microsoft.Insights/actionGroups'),
    );
  return [
    ...each('azurerm_monitor_action_group', 'Microsoft.Insights/actionGroups', (one) => ({
      properties: {
        enabled: true,
        emailReceivers: list(one.email_receiver).map(({ email_address }) => ({ emailAddress: email_address })),
      },
    })),
    ...each('azurerm_monitor_activity_log_alert', 'Microsoft.Insights/activityLogAlerts', (one) => ({
      properties: {
        enabled: true,
        condition: {
          allOf: [
            { field: 'category', equals: 'Administrative' },
            { field: 'operationName', equals: first(one.criteria).operation_name },
          ],
        },
        actions: { actionGroups: groupIds(one).map((actionGroupId) => ({ actionGroupId })) },
      },
    })),
    ...each('azurerm_monitor_metric_alert', 'Microsoft.Insights/metricAlerts', (one) => ({
      properties: {
        enabled: true,
        criteria: {
          allOf: [{ metricName: first(one.criteria).metric_name, threshold: first(one.criteria).threshold }],
        },
        actions: groupIds(one).map((actionGroupId) => ({ actionGroupId })),
      },
    })),
    ...each('azurerm_dns_zone', 'Microsoft.Network/dnsZones', () => ({ properties: { zoneType: 'Public' } })),
    ...records(stack, names),
    ...copies(stack, names),
    ...flows(stack, names),
  ];
}

const TYPES: Readonly<Record<string, string>> = {
  azurerm_storage_account: 'Microsoft.Storage/storageAccounts',
  azurerm_key_vault: 'Microsoft.KeyVault/vaults',
  azurerm_postgresql_flexible_server: 'Microsoft.DBforPostgreSQL/flexibleServers',
  azurerm_managed_redis: 'Microsoft.Cache/redisEnterprise',
  azurerm_kubernetes_cluster: 'Microsoft.ContainerService/managedClusters',
  azurerm_servicebus_namespace: 'Microsoft.ServiceBus/namespaces',
  azurerm_container_registry: 'Microsoft.ContainerRegistry/registries',
  azurerm_log_analytics_workspace: 'Microsoft.OperationalInsights/workspaces',
};

/** The id of what an expression refers to, with what follows it. */
function idOf(stack: StackJson, { path }: AzureNames, expression: unknown): string {
  const text = String(expression);
  const type = TYPES[/^\$\{(\w+)\./.exec(text)?.[1] ?? ''];
  if (type === undefined) return text;
  return `${path(referred(stack, text), type)}${text.replace(/^\$\{[^}]*\}/, '')}`;
}

const records = (stack: StackJson, names: AzureNames): Answered =>
  attributesOf(stack, 'azurerm_monitor_diagnostic_setting').map(([, one]) => {
    const of = idOf(stack, names, one.target_resource_id);
    const { storage_account_id: account, log_analytics_workspace_id: workspace } = one;
    return [
      `${of}/providers/Microsoft.Insights/diagnosticSettings/${one.name}`,
      {
        properties: {
          ...(account === undefined ? {} : { storageAccountId: idOf(stack, names, account) }),
          ...(workspace === undefined ? {} : { workspaceId: idOf(stack, names, workspace) }),
          logs: [
            ...list(one.enabled_log).map(({ category, category_group }) =>
              category === undefined
                ? { categoryGroup: category_group, enabled: true }
                : { category, enabled: true, retentionPolicy: { enabled: false, days: 0 } },
            ),
            { category: 'Unwanted', enabled: false },
          ],
        },
      },
    ] as const;
  });

const copies = (stack: StackJson, names: AzureNames): Answered =>
  attributesOf(stack, 'azurerm_storage_object_replication').map(
    ([, one]) =>
      [
        `${idOf(stack, names, one.source_storage_account_id)}/objectReplicationPolicies`,
        {
          value: [
            {
              properties: {
                policyId: '2e8a',
                sourceAccount: idOf(stack, names, one.source_storage_account_id),
                destinationAccount: idOf(stack, names, one.destination_storage_account_id),
                rules: list(one.rules).map(({ source_container_name: from, destination_container_name: to }) => ({
                  ruleId: '1',
                  sourceContainer: named(stack, from),
                  destinationContainer: named(stack, to),
                })),
              },
            },
          ],
        },
      ] as const,
  );

const flows = (stack: StackJson, names: AzureNames): Answered =>
  attributesOf(stack, 'azurerm_network_watcher_flow_log').map(([, one]) => {
    const watcher = `/subscriptions/${names.subscription}/resourceGroups/${one.resource_group_name}/providers/Microsoft.Network/networkWatchers`;
    return [
      `${watcher}/${one.network_watcher_name}/flowLogs/${one.name}`,
      { properties: { enabled: true, storageId: idOf(stack, names, one.storage_account_id) } },
    ] as const;
  });
