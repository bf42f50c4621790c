import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { textAt } from '../rest.js';
import type { Facts, Target } from '../target.js';
import { filledIn, projectOf } from './expected-target.js';
import { grantText } from './grant-words.js';

type Attributes = GraphResource['attributes'];

/** Whom each policy is read of: the type of a grant, and the address of what it is granted on. */
const GRANTED: Readonly<Record<string, (graph: StackGraph, one: Attributes) => string>> = {
  google_project_iam_member: (graph, one) => projectOf(graph, one),
  google_storage_bucket_iam_member: (graph, one) => `b/${filledIn(graph, one.bucket)}`,
  google_kms_crypto_key_iam_member: (graph, one) => filledIn(graph, one.crypto_key_id),
  google_kms_key_ring_iam_member: (graph, one) => filledIn(graph, one.key_ring_id),
  google_secret_manager_secret_iam_member: (graph, one) =>
    within(`${projectOf(graph, one)}/secrets`, filledIn(graph, one.secret_id)),
  google_pubsub_topic_iam_member: (graph, one) => within(`${projectOf(graph, one)}/topics`, filledIn(graph, one.topic)),
  google_pubsub_subscription_iam_member: (graph, one) =>
    within(`${projectOf(graph, one)}/subscriptions`, filledIn(graph, one.subscription)),
  google_artifact_registry_repository_iam_member: (graph, one) => filledIn(graph, one.repository),
  google_dns_managed_zone_iam_member: (graph, one) =>
    within(`${projectOf(graph, one)}/managedZones`, filledIn(graph, one.managed_zone)),
  google_service_account_iam_member: (graph, one) => filledIn(graph, one.service_account_id),
};

const within = (place: string, name: string): string => (name.includes('/') ? name : `${place}/${name}`);

/** Who may do what: grants on what the stacks make, their own roles, machine accounts and pipelines, and what is logged. */
export function expectOfGrants(graph: StackGraph): readonly Target[] {
  const grants = Object.entries(GRANTED).flatMap(([type, on]) => {
    const seen = new Set<string>();
    return graph.of(type).map((grant) => {
      const place = on(graph, grant.attributes);
      const first = !seen.has(place);
      seen.add(place);
      return grantTarget(graph, grant, `${type} ${place}`, first);
    });
  });
  return [
    ...grants,
    ...graph.of('google_project_iam_custom_role').map((role) => roleTarget(graph, role)),
    ...graph.of('google_project_iam_audit_config').map((audit) => auditTarget(graph, audit)),
    ...graph.of('google_project_service').map((api) => apiTarget(graph, api)),
    ...graph.of('google_service_account').map((account) => accountTarget(graph, account)),
    ...graph.of('google_iam_workload_identity_pool').map((pool) => poolTarget(graph, pool)),
    ...graph.of('google_iam_workload_identity_pool_provider').map((one) => pipelineTarget(graph, one)),
  ];
}

/** Others may be granted more, as tenants are by the operator; what the stack grants must be there, and as narrow. */
function grantTarget(graph: StackGraph, grant: GraphResource, name: string, first: boolean): Target {
  const { role, member, condition } = grant.attributes;
  const when = block(condition)?.expression;
  const words = grantText(filledIn(graph, role), filledIn(graph, member));
  const facts: Facts = { [words]: when === undefined ? 'always' : filledIn(graph, when) };
  return target(graph, grant, 'grant', name, first ? { ...facts, 'to everybody': undefined } : facts);
}

const roleTarget = (graph: StackGraph, role: GraphResource): Target =>
  target(graph, role, 'role', `${projectOf(graph, role.attributes)}/roles/${role.attributes.role_id}`, {
    may: listed((role.attributes.permissions ?? []) as readonly string[]),
  });

function auditTarget(graph: StackGraph, audit: GraphResource): Target {
  const { attributes } = audit;
  const logs = blocks(attributes.audit_log_config);
  return target(graph, audit, 'calls', `${projectOf(graph, attributes)}#${attributes.service}`, {
    'written down': listed(logs.map(({ log_type }) => String(log_type))),
    'but not of': listed(logs.flatMap(({ exempted_members }) => (exempted_members ?? []) as readonly string[])),
  });
}

const apiTarget = (graph: StackGraph, api: GraphResource): Target =>
  target(graph, api, 'api', `${projectOf(graph, api.attributes)}/services/${api.attributes.service}`, { on: true });

/** Machines sign in as what they are; a key of an account would be a password. */
const accountTarget = (graph: StackGraph, account: GraphResource): Target =>
  target(graph, account, 'account', filledIn(graph, `\${${account.address}.name}`), {
    on: account.attributes.disabled !== true,
    'keys of its own': 0,
  });

const poolTarget = (graph: StackGraph, pool: GraphResource): Target =>
  target(graph, pool, 'identities', poolPath(graph, pool), { on: pool.attributes.disabled !== true });

const poolPath = (graph: StackGraph, { attributes }: GraphResource): string =>
  `${projectOf(graph, attributes)}/locations/global/workloadIdentityPools/${attributes.workload_identity_pool_id}`;

function pipelineTarget(graph: StackGraph, one: GraphResource): Target {
  const { attributes } = one;
  const pool = graph.referred(attributes.workload_identity_pool_id);
  const path = pool === undefined ? '' : poolPath(graph, pool);
  return target(graph, one, 'pipeline', `${path}/providers/${attributes.workload_identity_pool_provider_id}`, {
    on: attributes.disabled !== true,
    'known by': textAt(block(attributes.oidc), 'issuer_uri'),
    only: textAt(attributes, 'attribute_condition'),
    'is called': subjectOf(attributes),
  });
}

const subjectOf = ({ attribute_mapping }: Attributes): string | undefined =>
  (attribute_mapping as Readonly<Record<string, string>> | undefined)?.['google.subject'];
