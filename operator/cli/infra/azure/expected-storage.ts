import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { numberAt, textAt } from '../rest.js';
import type { Facts, Target } from '../target.js';
import { customerKey, idIn, idOf } from './expected-target.js';
import { endText } from './lifecycle.js';

type Attributes = GraphResource['attributes'];

/** Accounts, what stands in them, and what of it goes by itself. */
export function expectOfStorage(graph: StackGraph): readonly Target[] {
  return [
    ...graph.of('azurerm_storage_account').map((account) => bucketTarget(graph, account)),
    ...graph.of('azurerm_storage_container').map((one) => containerTarget(graph, one)),
    ...graph.of('azurerm_storage_management_policy').map((one) => endsTarget(graph, one)),
  ];
}

/** Floors of a year and more are promises to auditors: Unlocked, they can be taken back, whatever the stack says. */
const PROMISED_DAYS = 365;

function bucketTarget(graph: StackGraph, account: GraphResource): Target {
  const { attributes } = account;
  const lock = block(attributes.immutability_policy);
  const days = numberAt(lock, 'period_since_creation_in_days');
  const made = target(graph, account, 'bucket', idOf(graph, account, 'Microsoft.Storage/storageAccounts'), {
    'encryption key': customerKey(graph, account),
    'lock days': days,
    'lock state': days !== undefined && days >= PROMISED_DAYS ? 'Locked' : textAt(lock, 'state'),
    'TLS only': attributes.https_traffic_only_enabled !== false,
    'TLS minimum': textAt(attributes, 'min_tls_version'),
    'shared keys': attributes.shared_access_key_enabled !== false,
    public: attributes.public_network_access_enabled !== false,
    'copies in': textAt(attributes, 'account_replication_type'),
    'lock of every version': lock !== undefined,
    'appends to the locked': lock?.allow_protected_append_writes === true,
    'encrypted twice': attributes.infrastructure_encryption_enabled === true,
    'containers may be public': attributes.allow_nested_items_to_be_public !== false,
    'copied by others': attributes.cross_tenant_replication_enabled !== false,
    'copied from': textAt(attributes, 'allowed_copy_scope'),
    'local users': attributes.local_user_enabled !== false,
    ...factsOfNetwork(attributes),
    ...factsOfBlobs(attributes),
  });
  return days === undefined || days < PROMISED_DAYS ? made : { ...made, remedies: { 'lock state': LOCKS } };
}

const LOCKS =
  "set immutability: 'Locked' in the environment, npm run synth, and apply the vault again: nobody takes that back";

function factsOfNetwork(attributes: Attributes): Facts {
  const rules = block(attributes.network_rules);
  return {
    'network otherwise': textAt(rules, 'default_action'),
    'let by': listed((rules?.bypass ?? []) as readonly string[]),
    addresses: listed((rules?.ip_rules ?? []) as readonly string[]),
    'signed links': textAt(block(attributes.sas_policy), 'expiration_action'),
  };
}

function factsOfBlobs(attributes: Attributes): Facts {
  const blobs = block(attributes.blob_properties);
  return {
    versioning: blobs?.versioning_enabled === true,
    'changes are listed': blobs?.change_feed_enabled === true,
    'undelete days': numberAt(block(blobs?.delete_retention_policy), 'days'),
    'undelete days of containers': numberAt(block(blobs?.container_delete_retention_policy), 'days'),
  };
}

const containerTarget = (graph: StackGraph, container: GraphResource): Target =>
  target(graph, container, 'container', idIn(graph, `\${${container.address}.id}`) ?? '', {
    public: (container.attributes.container_access_type ?? 'private') !== 'private',
  });

function endsTarget(graph: StackGraph, policy: GraphResource): Target {
  const { storage_account_id, rule } = policy.attributes;
  return target(graph, policy, 'ends', `${idIn(graph, storage_account_id)}/managementPolicies/default`, {
    ends: listed(blocks(rule).map(endOf)),
  });
}

function endOf({ name, actions }: Attributes): string {
  const all = block(block(actions)?.base_blob);
  return endText({
    name: String(name),
    days: numberAt(all, 'delete_after_days_since_creation_greater_than'),
    coolDays: numberAt(all, 'tier_to_cool_after_days_since_creation_greater_than'),
    coldDays: numberAt(all, 'tier_to_cold_after_days_since_creation_greater_than'),
    oldDays: numberAt(block(block(actions)?.version), 'delete_after_days_since_creation'),
  });
}
