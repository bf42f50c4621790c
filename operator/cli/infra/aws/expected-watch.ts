import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import type { Target } from '../target.js';
import { keyOf, target } from './expected-target.js';
import { denies, sameJson } from './policy.js';
import { settledPolicy, statementFacts } from './statements.js';

/** Who is told of what, which trail says who did it, and what is kept beside stores: names, metrics, copies of volumes. */
export function expectOfWatch(graph: StackGraph): readonly Target[] {
  const each = (type: string, of: (graph: StackGraph, one: GraphResource) => Target) =>
    graph.of(type).map((one) => of(graph, one));
  return [
    ...each('aws_cloudtrail', trailTarget),
    ...each('aws_sns_topic', topicTarget),
    ...each('aws_cloudwatch_metric_alarm', alarmTarget),
    ...each('aws_cloudwatch_event_rule', eventTarget),
    ...each('aws_backup_vault', volumesTarget),
    ...each('aws_backup_plan', nightlyTarget),
    ...each('aws_backup_selection', chosenTarget),
    ...each('aws_route53_zone', zoneTarget),
    ...each('aws_prometheus_workspace', metricsTarget),
  ];
}

const nameOf = (graph: StackGraph, expression: unknown): string | undefined =>
  graph.referred(expression)?.attributes.name as string | undefined;

function trailTarget(graph: StackGraph, trail: GraphResource): Target {
  const { attributes } = trail;
  const fields = blocks(attributes.advanced_event_selector).flatMap((one) => blocks(one.field_selector));
  return target(graph, trail, 'trail', attributes.name, {
    records: true,
    'every region': attributes.is_multi_region_trail === true,
    'changes are noticed': attributes.enable_log_file_validation === true,
    'encryption key': keyOf(graph, attributes.kms_key_id),
    'written to': attributes.s3_bucket_name as string | undefined,
    'and to': nameOf(graph, attributes.cloud_watch_logs_group_arn),
    'every object of': listed(fields.flatMap(({ starts_with }) => (starts_with ?? []) as readonly string[])),
  });
}

function topicTarget(graph: StackGraph, topic: GraphResource): Target {
  const belongs = (one: GraphResource, field: string): boolean =>
    graph.referred(one.attributes[field])?.address === topic.address;
  const policy = graph.of('aws_sns_topic_policy').find((one) => belongs(one, 'arn'))?.attributes.policy;
  const people = graph.of('aws_sns_topic_subscription').filter((one) => belongs(one, 'topic_arn'));
  return target(graph, topic, 'topic', topic.attributes.name, {
    'encryption key': keyOf(graph, topic.attributes.kms_master_key_id),
    'TLS only': denies(policy, 'Bool', 'aws:SecureTransport', 'false'),
    ...statementFacts(settledPolicy(graph, policy)),
    // Whoever did not confirm is told nothing.
    'confirmed by': listed(people.map(({ attributes }) => String(attributes.endpoint))),
  });
}

function alarmTarget(graph: StackGraph, alarm: GraphResource): Target {
  const { attributes } = alarm;
  const actions = (attributes.alarm_actions ?? []) as readonly unknown[];
  return target(graph, alarm, 'alarm', attributes.alarm_name, {
    on: attributes.actions_enabled !== false,
    metric: attributes.metric_name as string | undefined,
    threshold: attributes.threshold as number | undefined,
    'without data': attributes.treat_missing_data as string | undefined,
    tells: listed(actions.map((one) => nameOf(graph, one))),
  });
}

function eventTarget(graph: StackGraph, rule: GraphResource): Target {
  const { attributes } = rule;
  const targets = graph
    .of('aws_cloudwatch_event_target')
    .filter((one) => graph.referred(one.attributes.rule)?.address === rule.address);
  return target(graph, rule, 'event', attributes.name, {
    on: (attributes.state ?? 'ENABLED') === 'ENABLED',
    pattern: sameJson(attributes.event_pattern),
    tells: listed(targets.map((one) => nameOf(graph, one.attributes.arn))),
  });
}

function volumesTarget(graph: StackGraph, vault: GraphResource): Target {
  const lock = graph
    .of('aws_backup_vault_lock_configuration')
    .find((one) => graph.referred(one.attributes.backup_vault_name)?.address === vault.address)?.attributes;
  return target(graph, vault, 'volumes', vault.attributes.name, {
    'encryption key': keyOf(graph, vault.attributes.kms_key_arn),
    locked: lock !== undefined,
    'kept at least days': lock?.min_retention_days as number | undefined,
    'kept at most days': lock?.max_retention_days as number | undefined,
  });
}

function nightlyTarget(graph: StackGraph, plan: GraphResource): Target {
  const rule = block(plan.attributes.rule);
  return target(graph, plan, 'nightly', plan.attributes.name, {
    when: rule?.schedule as string | undefined,
    'kept days': block(rule?.lifecycle)?.delete_after as number | undefined,
    'kept in': nameOf(graph, rule?.target_vault_name),
  });
}

/** Which volumes are copied at all. */
function chosenTarget(graph: StackGraph, chosen: GraphResource): Target {
  const { attributes } = chosen;
  const tags = blocks(attributes.selection_tag).map(({ key, value }) => `${key}=${value}`);
  const name = `${nameOf(graph, attributes.plan_id)}/${attributes.name}`;
  return target(graph, chosen, 'chosen', name, { 'by tags': listed(tags), as: nameOf(graph, attributes.iam_role_arn) });
}

const zoneTarget = (graph: StackGraph, zone: GraphResource): Target =>
  target(graph, zone, 'zone', zone.attributes.name, { private: zone.attributes.vpc !== undefined });

const metricsTarget = (graph: StackGraph, metrics: GraphResource): Target =>
  target(graph, metrics, 'metrics', metrics.attributes.alias, {
    'encryption key': keyOf(graph, metrics.attributes.kms_key_arn),
    log: nameOf(graph, block(metrics.attributes.logging_configuration)?.log_group_arn),
  });
