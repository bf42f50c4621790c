import type { Answers } from './cloud-facts.js';
import { attributesOf, first, named, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

type List = readonly Attributes[];

/** What the stand-in's project is called by number: a stack may know it by name only. */
const NUMBER = '100000000002';

/** Policies of what is granted on, roles, machine accounts and pipelines, in the shapes of their references. */
export function googleGrants(stacks: readonly StackJson[]): Answers {
  const policies = new Map<string, { bindings: unknown[]; auditConfigs?: unknown[] }>();
  const policyAt = (path: string) => {
    const known = policies.get(path) ?? { bindings: [{ role: 'roles/viewer', members: ['user:who@example.com'] }] };
    policies.set(path, known);
    return known;
  };
  for (const stack of stacks) {
    for (const [type, path] of Object.entries(PATHS)) {
      for (const [, one] of attributesOf(stack, type)) policyAt(path(stack, one)).bindings.push(bindingOf(stack, one));
    }
    for (const [, one] of attributesOf(stack, 'google_project_iam_audit_config')) {
      const policy = policyAt(`/v1/projects/${one.project}:getIamPolicy`);
      const auditLogConfigs = (one.audit_log_config as List).map(({ log_type }) => ({ logType: log_type }));
      policy.auditConfigs = [...(policy.auditConfigs ?? []), { service: one.service, auditLogConfigs }];
    }
  }
  return Object.assign({}, Object.fromEntries(policies), ...stacks.map(identitiesOf));
}

const projectOf = (stack: StackJson, one: Attributes): string => `projects/${named(stack, one.project)}`;
const emailOf = (stack: StackJson, one: Attributes): string =>
  `${one.account_id}@${named(stack, one.project)}.iam.gserviceaccount.com`;

/** What each reference of a grant is after an apply. */
function filled(stack: StackJson, text: unknown): string {
  return String(text).replace(/\$\{(\w+)\.[^.}]+\.(\w+)\}/g, (expression, type: string, field: string) => {
    const one = referred(stack, expression);
    if (type === 'google_service_account') {
      const email = emailOf(stack, one);
      return field === 'email' ? email : `${projectOf(stack, one)}/serviceAccounts/${email}`;
    }
    if (type === 'google_project_iam_custom_role') return `${projectOf(stack, one)}/roles/${one.role_id}`;
    if (type === 'google_iam_workload_identity_pool') {
      return `projects/${NUMBER}/locations/global/workloadIdentityPools/${one.workload_identity_pool_id}`;
    }
    if (type === 'google_kms_crypto_key') {
      const ring = referred(stack, one.key_ring);
      const place = `projects/${named(stack, ring.project)}/locations/${ring.location}`;
      return `${place}/keyRings/${ring.name}/cryptoKeys/${one.name}`;
    }
    if (type === 'google_memorystore_instance') {
      return `projects/${one.project}/locations/${one.location}/instances/${one.instance_id}`;
    }
    if (type === 'google_artifact_registry_repository') {
      return `projects/${one.project}/locations/${one.location}/repositories/${one.repository_id}`;
    }
    return named(stack, expression);
  });
}

const bindingOf = (stack: StackJson, one: Attributes): unknown => {
  const { expression, title } = first(one.condition);
  return {
    role: filled(stack, one.role),
    members: [filled(stack, one.member)],
    ...(expression === undefined ? {} : { condition: { title, expression: filled(stack, expression) } }),
  };
};

const PATHS: Readonly<Record<string, (stack: StackJson, one: Attributes) => string>> = {
  google_project_iam_member: (stack, one) => `/v1/${projectOf(stack, one)}:getIamPolicy`,
  google_storage_bucket_iam_member: (stack, one) => `/storage/v1/b/${filled(stack, one.bucket)}/iam`,
  google_kms_crypto_key_iam_member: (stack, one) => `/v1/${filled(stack, one.crypto_key_id)}:getIamPolicy`,
  google_kms_key_ring_iam_member: (stack, one) => `/v1/${filled(stack, one.key_ring_id)}:getIamPolicy`,
  google_secret_manager_secret_iam_member: (stack, one) =>
    `/v1/${projectOf(stack, one)}/secrets/${filled(stack, one.secret_id)}:getIamPolicy`,
  google_pubsub_topic_iam_member: (stack, one) =>
    `/v1/${projectOf(stack, one)}/topics/${filled(stack, one.topic)}:getIamPolicy`,
  google_pubsub_subscription_iam_member: (stack, one) =>
    `/v1/${projectOf(stack, one)}/subscriptions/${filled(stack, one.subscription)}:getIamPolicy`,
  google_artifact_registry_repository_iam_member: (stack, one) => `/v1/${filled(stack, one.repository)}:getIamPolicy`,
  google_dns_managed_zone_iam_member: (stack, one) =>
    `/dns/v1/${projectOf(stack, one)}/locations/global/managedZones/${filled(stack, one.managed_zone)}:getIamPolicy`,
  google_service_account_iam_member: (stack, one) => `/v1/${filled(stack, one.service_account_id)}:getIamPolicy`,
};

function identitiesOf(stack: StackJson): Answers {
  const each = (type: string, answer: (one: Attributes) => readonly [string, unknown]): Answers =>
    Object.fromEntries(attributesOf(stack, type).map(([, one]) => answer(one)));
  const pool = (one: Attributes): string =>
    `/v1/${projectOf(stack, one)}/locations/global/workloadIdentityPools/${named(stack, one.workload_identity_pool_id)}`;
  const account = (one: Attributes): string => `/v1/${projectOf(stack, one)}/serviceAccounts/${emailOf(stack, one)}`;
  return {
    ...each('google_project_iam_custom_role', (one) => [
      `/v1/${projectOf(stack, one)}/roles/${one.role_id}`,
      { name: one.role_id, stage: 'GA', includedPermissions: one.permissions },
    ]),
    ...each('google_project_service', (one) => [
      `/v1/${projectOf(stack, one)}/services/${one.service}`,
      { state: 'ENABLED' },
    ]),
    ...each('google_service_account', (one) => [account(one), { email: emailOf(stack, one) }]),
    ...each('google_service_account', (one) => [`${account(one)}/keys`, {}]),
    ...each('google_iam_workload_identity_pool', (one) => [pool(one), { state: 'ACTIVE' }]),
    ...each('google_iam_workload_identity_pool_provider', (one) => [
      `${pool(one)}/providers/${one.workload_identity_pool_provider_id}`,
      {
        state: 'ACTIVE',
        oidc: { issuerUri: first(one.oidc).issuer_uri },
        attributeCondition: one.attribute_condition,
        attributeMapping: one.attribute_mapping,
      },
    ]),
  };
}
