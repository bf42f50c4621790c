import type { Answers } from './cloud-facts.js';
import { attributesOf, first, named } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

type List = readonly Attributes[];
const list = (value: unknown): List => (Array.isArray(value) ? value : value === undefined ? [] : [value]) as List;
const each = (stack: StackJson, type: string): List => attributesOf(stack, type).map(([, one]) => one);

/** Alarms, sinks, denials, admission and bounds, in the shapes of their references. */
export function googleWatch(stacks: readonly StackJson[]): Answers {
  return Object.assign({}, alarms(stacks), people(stacks), ...stacks.map(watchOf));
}

function people(stacks: readonly StackJson[]): Answers {
  const all = stacks.flatMap((stack) => each(stack, 'google_monitoring_notification_channel'));
  const [one] = all;
  if (one === undefined) return {};
  const notificationChannels = all.map((channel) => ({
    displayName: channel.display_name,
    enabled: true,
    type: channel.type,
    labels: channel.labels,
  }));
  return { [`/v3/projects/${one.project}/notificationChannels`]: { notificationChannels } };
}

/** All of a project are listed, with others' in between. */
function alarms(stacks: readonly StackJson[]): Answers {
  const all = stacks.flatMap((stack) => each(stack, 'google_monitoring_alert_policy'));
  const [one] = all;
  if (one === undefined) return {};
  const alertPolicies = all.map((alarm, index) => ({
    name: `projects/${alarm.project}/alertPolicies/${1000 + index}`,
    displayName: alarm.display_name,
    enabled: true,
    notificationChannels: list(alarm.notification_channels).map((_, at) => `projects/p/notificationChannels/${at}`),
    conditions: list(alarm.conditions).map((condition) =>
      condition.condition_threshold === undefined
        ? { displayName: condition.display_name, conditionMatchedLog: { filter: 'x' } }
        : { conditionThreshold: { thresholdValue: first(condition.condition_threshold).threshold_value } },
    ),
  }));
  return {
    [`/v3/projects/${one.project}/alertPolicies`]: {
      alertPolicies: [{ displayName: "somebody else's", enabled: true }, ...alertPolicies],
      totalSize: alertPolicies.length + 1,
    },
  };
}

const watchOf = (stack: StackJson): Answers => ({
  ...Object.fromEntries(
    each(stack, 'google_logging_metric').map((metric) => [
      `/v2/projects/${metric.project}/metrics/${metric.name}`,
      { name: metric.name, filter: metric.filter },
    ]),
  ),
  ...Object.fromEntries(
    each(stack, 'google_logging_project_sink').map((sink) => [
      `/v2/projects/${sink.project}/sinks/${sink.name}`,
      { name: sink.name, filter: sink.filter, writerIdentity: 'serviceAccount:x' },
    ]),
  ),
  ...Object.fromEntries(
    each(stack, 'google_iam_deny_policy').map((policy) => [
      `/v2/policies/${policy.parent}/denypolicies/${policy.name}`,
      { kind: 'DenyPolicy', rules: list(policy.rules).map(denial) },
    ]),
  ),
  ...Object.fromEntries(
    each(stack, 'google_binary_authorization_policy').map((policy) => [
      `/v1/projects/${policy.project}/policy`,
      admission(stack, policy),
    ]),
  ),
  ...Object.fromEntries(
    each(stack, 'google_org_policy_policy').map((policy) => [
      `/v2/${policy.name}`,
      { name: policy.name, spec: { etag: 'x', rules: [{ enforce: true }] } },
    ]),
  ),
});

function denial(rule: Attributes): unknown {
  const { denied_permissions, denied_principals, exception_principals } = first(rule.deny_rule);
  return {
    description: rule.description,
    denyRule: {
      deniedPermissions: denied_permissions,
      deniedPrincipals: denied_principals,
      ...(exception_principals === undefined ? {} : { exceptionPrincipals: exception_principals }),
    },
  };
}

const admission = (stack: StackJson, policy: Attributes): unknown => ({
  globalPolicyEvaluationMode: policy.global_policy_evaluation_mode,
  defaultAdmissionRule: {
    evaluationMode: first(policy.default_admission_rule).evaluation_mode,
    enforcementMode: first(policy.default_admission_rule).enforcement_mode,
  },
  admissionWhitelistPatterns: list(policy.admission_whitelist_patterns).map(({ name_pattern }) => ({
    namePattern: String(name_pattern).replace(/\$\{[^}]*\}/g, (expression) => String(named(stack, expression))),
  })),
});
