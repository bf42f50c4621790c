import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { numberAt, textAt } from '../rest.js';
import type { Target } from '../target.js';
import { projectOf } from './expected-target.js';

type Attributes = GraphResource['attributes'];

/** Who is told of what, what nobody may do whatever they are granted, and what the project as a whole refuses. */
export function expectOfWatch(graph: StackGraph): readonly Target[] {
  const each = (type: string, of: (graph: StackGraph, one: GraphResource) => Target) =>
    graph.of(type).map((one) => of(graph, one));
  return [
    ...each('google_monitoring_alert_policy', alarmTarget),
    ...each('google_monitoring_notification_channel', peopleTarget),
    ...each('google_logging_metric', metricTarget),
    ...each('google_logging_project_sink', sinkTarget),
    ...each('google_iam_deny_policy', denialTarget),
    ...each('google_binary_authorization_policy', admissionTarget),
    ...each('google_org_policy_policy', boundTarget),
  ];
}

/** Their ids are random: they are found by what they are called. */
function alarmTarget(graph: StackGraph, alarm: GraphResource): Target {
  const { attributes } = alarm;
  const thresholds = blocks(attributes.conditions).map(({ condition_threshold }) =>
    numberAt(block(condition_threshold), 'threshold_value'),
  );
  return target(graph, alarm, 'alarm', `${projectOf(graph, attributes)}/alertPolicies#${attributes.display_name}`, {
    on: attributes.enabled !== false,
    tells: ((attributes.notification_channels ?? []) as readonly unknown[]).length,
    thresholds: listed(thresholds.map((one) => (one === undefined ? undefined : String(one)))),
  });
}

function peopleTarget(graph: StackGraph, people: GraphResource): Target {
  const { attributes } = people;
  const name = `${projectOf(graph, attributes)}/notificationChannels#${attributes.display_name}`;
  return target(graph, people, 'people', name, {
    on: attributes.enabled !== false,
    by: textAt(attributes, 'type'),
    whom: textAt(attributes, 'labels.email_address'),
  });
}

const metricTarget = (graph: StackGraph, metric: GraphResource): Target =>
  target(graph, metric, 'metric', `${projectOf(graph, metric.attributes)}/metrics/${metric.attributes.name}`, {
    on: metric.attributes.disabled !== true,
    counts: textAt(metric.attributes, 'filter'),
  });

const sinkTarget = (graph: StackGraph, sink: GraphResource): Target =>
  target(graph, sink, 'sink', `${projectOf(graph, sink.attributes)}/sinks/${sink.attributes.name}`, {
    on: sink.attributes.disabled !== true,
    what: textAt(sink.attributes, 'filter'),
  });

function denialTarget(graph: StackGraph, policy: GraphResource): Target {
  const { parent, name, rules } = policy.attributes;
  const denied = blocks(rules).map(({ deny_rule }) => block(deny_rule));
  const all = (field: string): string | undefined =>
    listed(denied.flatMap((one) => (one?.[field] ?? []) as readonly string[]));
  return target(graph, policy, 'denial', `policies/${parent}/denypolicies/${name}`, {
    denied: all('denied_permissions'),
    whom: all('denied_principals'),
    except: all('exception_principals'),
  });
}

function admissionTarget(graph: StackGraph, policy: GraphResource): Target {
  const { attributes } = policy;
  const rule = block(attributes.default_admission_rule);
  return target(graph, policy, 'admission', `${projectOf(graph, attributes)}/policy`, {
    'by default': textAt(rule, 'evaluation_mode'),
    refused: textAt(rule, 'enforcement_mode'),
    'of Google': textAt(attributes, 'global_policy_evaluation_mode'),
    'lets in': listed(blocks(attributes.admission_whitelist_patterns).map((one) => patternOf(graph, one))),
  });
}

/** A pattern names the repository that the stack makes. */
const patternOf = (graph: StackGraph, { name_pattern }: Attributes): string =>
  String(name_pattern).replace(/\$\{[^}]*\}/g, (expression) => String(graph.settled(expression)));

function boundTarget(graph: StackGraph, policy: GraphResource): Target {
  const rules = blocks(block(policy.attributes.spec)?.rules);
  return target(graph, policy, 'bound', String(policy.attributes.name), {
    enforced: rules.some(({ enforce }) => String(enforce).toUpperCase() === 'TRUE'),
  });
}
