import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { numberAt, textAt } from '../rest.js';
import type { Target } from '../target.js';
import { idIn, idOf } from './expected-target.js';

/** Who is told of what, what is written down of whom, what is copied away, and the names. */
export function expectOfWatch(graph: StackGraph): readonly Target[] {
  const each = (type: string, of: (graph: StackGraph, one: GraphResource) => Target | undefined) =>
    graph
      .of(type)
      .map((one) => of(graph, one))
      .filter((one) => one !== undefined);
  return [
    ...each('azurerm_monitor_action_group', peopleTarget),
    ...each('azurerm_monitor_activity_log_alert', eventTarget),
    ...each('azurerm_monitor_metric_alert', alarmTarget),
    ...each('azurerm_monitor_diagnostic_setting', recordTarget),
    ...each('azurerm_network_watcher_flow_log', flowsTarget),
    ...each('azurerm_storage_object_replication', copyTarget),
    ...each('azurerm_dns_zone', zoneTarget),
  ];
}

const INSIGHTS = 'Microsoft.Insights';

const tells = (graph: StackGraph, { attributes }: GraphResource): string | undefined =>
  listed(
    blocks(attributes.action).map(({ action_group_id }) => graph.referred(action_group_id)?.attributes.name as string),
  );

const peopleTarget = (graph: StackGraph, people: GraphResource): Target =>
  target(graph, people, 'people', idOf(graph, people, `${INSIGHTS}/actionGroups`), {
    on: people.attributes.enabled !== false,
    people: listed(blocks(people.attributes.email_receiver).map(({ email_address }) => String(email_address))),
  });

const eventTarget = (graph: StackGraph, event: GraphResource): Target =>
  target(graph, event, 'event', idOf(graph, event, `${INSIGHTS}/activityLogAlerts`), {
    on: event.attributes.enabled !== false,
    what: textAt(block(event.attributes.criteria), 'operation_name'),
    tells: tells(graph, event),
  });

const alarmTarget = (graph: StackGraph, alarm: GraphResource): Target =>
  target(graph, alarm, 'alarm', idOf(graph, alarm, `${INSIGHTS}/metricAlerts`), {
    on: alarm.attributes.enabled !== false,
    metric: textAt(block(alarm.attributes.criteria), 'metric_name'),
    threshold: numberAt(block(alarm.attributes.criteria), 'threshold'),
    tells: tells(graph, alarm),
  });

/** Where something is written to, by the last part of its id. */
const placeIn = (graph: StackGraph, expression: unknown): string | undefined =>
  expression === undefined
    ? undefined
    : ((graph.referred(expression)?.attributes.name as string | undefined) ?? String(expression).split('/').at(-1));

function recordTarget(graph: StackGraph, record: GraphResource): Target | undefined {
  const { attributes } = record;
  const of = idIn(graph, attributes.target_resource_id);
  if (of === undefined) return undefined;
  return target(graph, record, 'record', `${of}/providers/${INSIGHTS}/diagnosticSettings/${attributes.name}`, {
    what: listed(blocks(attributes.enabled_log).map((one) => textAt(one, 'category') ?? textAt(one, 'category_group'))),
    'written to': placeIn(graph, attributes.storage_account_id),
    'and to': placeIn(graph, attributes.log_analytics_workspace_id),
  });
}

function flowsTarget(graph: StackGraph, flows: GraphResource): Target {
  const { attributes } = flows;
  const watcher = `/subscriptions/${graph.provider.subscription_id}/resourceGroups/${attributes.resource_group_name}`;
  const name = `${watcher}/providers/Microsoft.Network/networkWatchers/${attributes.network_watcher_name}/flowLogs/${attributes.name}`;
  return target(graph, flows, 'flows', name, {
    on: attributes.enabled === true,
    'written to': placeIn(graph, attributes.storage_account_id),
  });
}

function copyTarget(graph: StackGraph, copy: GraphResource): Target | undefined {
  const of = idIn(graph, copy.attributes.source_storage_account_id);
  if (of === undefined) return undefined;
  return target(graph, copy, 'copy', `${of}/objectReplicationPolicies`, {
    'copied to': placeIn(graph, copy.attributes.destination_storage_account_id),
    containers: listed(
      blocks(copy.attributes.rules).map(
        (rule) => `${placeIn(graph, rule.source_container_name)} to ${placeIn(graph, rule.destination_container_name)}`,
      ),
    ),
  });
}

const zoneTarget = (graph: StackGraph, zone: GraphResource): Target =>
  target(graph, zone, 'zone', idOf(graph, zone, 'Microsoft.Network/dnsZones'), { kind: 'Public' });
