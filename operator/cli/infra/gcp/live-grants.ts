import { listed } from '../graph.js';
import { at, type Rest, textAt } from '../rest.js';
import type { Facts } from '../target.js';
import { grantText } from './grant-words.js';
import { type Reader, type Readers, reading } from './reading.js';

type Json = Readonly<Record<string, unknown>>;

const each = (value: unknown, path: string): readonly Json[] => (at(value, path) ?? []) as readonly Json[];

/** Policies with conditions are told from this version on; an older one leaves the conditions out. */
const VERSION = 3;
const ASKED = { options: { requestedPolicyVersion: VERSION } } as const;
const OPTIONS = `options.requestedPolicyVersion=${VERSION}`;
const IAM = 'https://iam.googleapis.com/v1';

type Policy = (rest: Rest, name: string, signal: AbortSignal) => Promise<Json | undefined>;

const got =
  (host: string): Policy =>
  (rest, name, signal) =>
    rest.get(`https://${host}/v1/${name}:getIamPolicy?${OPTIONS}`, signal);

const asked =
  (base: string): Policy =>
  (rest, name, signal) =>
    rest.ask(`${base}/${name}:getIamPolicy`, ASKED, signal);

/** Where the policy of what is granted on is told. */
const POLICIES: Readonly<Record<string, Policy>> = {
  google_project_iam_member: asked('https://cloudresourcemanager.googleapis.com/v1'),
  google_storage_bucket_iam_member: (rest, name, signal) =>
    rest.get(`https://storage.googleapis.com/storage/v1/${name}/iam?optionsRequestedPolicyVersion=${VERSION}`, signal),
  google_kms_crypto_key_iam_member: got('cloudkms.googleapis.com'),
  google_kms_key_ring_iam_member: got('cloudkms.googleapis.com'),
  google_secret_manager_secret_iam_member: got('secretmanager.googleapis.com'),
  google_pubsub_topic_iam_member: got('pubsub.googleapis.com'),
  google_pubsub_subscription_iam_member: got('pubsub.googleapis.com'),
  google_artifact_registry_repository_iam_member: got('artifactregistry.googleapis.com'),
  google_dns_managed_zone_iam_member: (rest, name, signal) =>
    rest.ask(
      `https://dns.googleapis.com/dns/v1/${name.replace('/managedZones/', '/locations/global/managedZones/')}:getIamPolicy`,
      ASKED,
      signal,
    ),
  google_service_account_iam_member: asked(IAM),
};

const EVERYBODY = new Set(['allUsers', 'allAuthenticatedUsers']);

const readGrant: Reader = async (rest, name, signal) => {
  const [type = '', place = ''] = name.split(' ');
  const policy = await POLICIES[type]?.(rest, place, signal);
  return policy === undefined ? undefined : factsOfPolicy(policy);
};

function factsOfPolicy(policy: Json): Facts {
  const bindings = each(policy, 'bindings').map((one) => ({
    role: String(one.role),
    members: (one.members ?? []) as readonly string[],
    when: textAt(one, 'condition.expression') ?? 'always',
  }));
  const open = bindings.filter(({ members }) => members.some((one) => EVERYBODY.has(one)));
  const held: Record<string, string> = {};
  for (const { role, members, when } of bindings) {
    for (const words of members.map((one) => grantText(role, one))) {
      // The same role once under a condition and once without is held without.
      held[words] = held[words] === undefined ? when : [held[words], when].sort().join(' | ');
    }
  }
  return { 'to everybody': listed(open.map(({ role }) => role)), ...held };
}

/** Whose calls on a service are written down is part of the policy of the project. */
const readCalls: Reader = async (rest, name, signal) => {
  const [project = '', service] = name.split('#');
  const policy = await POLICIES.google_project_iam_member?.(rest, project, signal);
  const found = each(policy, 'auditConfigs').find((one) => one.service === service);
  if (found === undefined) return undefined;
  const logs = each(found, 'auditLogConfigs');
  return {
    'written down': listed(logs.map((one) => textAt(one, 'logType'))),
    'but not of': listed(logs.flatMap((one) => (one.exemptedMembers ?? []) as readonly string[])),
  };
};

const readAccount: Reader = async (rest, name, signal) => {
  const account = await rest.get(`${IAM}/${name}`, signal);
  if (account === undefined) return undefined;
  const keys = await rest.get(`${IAM}/${name}/keys?keyTypes=USER_MANAGED`, signal);
  return { on: at(account, 'disabled') !== true, 'keys of its own': each(keys, 'keys').length };
};

const isOn = (one: Json): boolean => at(one, 'disabled') !== true && at(one, 'state') !== 'DELETED';

export const GRANTS: Readers = {
  grant: readGrant,
  calls: readCalls,
  account: readAccount,
  role: reading(
    (name) => `${IAM}/${name}`,
    (role) => ({
      may: role.deleted === true ? undefined : listed((role.includedPermissions ?? []) as readonly string[]),
    }),
  ),
  api: reading(
    (name) => `https://serviceusage.googleapis.com/v1/${name}`,
    (api) => ({ on: at(api, 'state') === 'ENABLED' }),
  ),
  identities: reading(
    (name) => `${IAM}/${name}`,
    (pool) => ({ on: isOn(pool) }),
  ),
  pipeline: reading(
    (name) => `${IAM}/${name}`,
    (one) => ({
      on: isOn(one),
      'known by': textAt(one, 'oidc.issuerUri'),
      only: textAt(one, 'attributeCondition'),
      'is called': (one.attributeMapping as Readonly<Record<string, string>> | undefined)?.['google.subject'],
    }),
  ),
};
