import { block, blocks, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { numberAt, textAt } from '../rest.js';
import type { Target } from '../target.js';
import { expectOfGrants } from './expected-grants.js';
import { expectOfNetwork } from './expected-network.js';
import { expectOfServices } from './expected-services.js';
import { idOf, keyId } from './expected-target.js';
import { expectOfWatch } from './expected-watch.js';
import { endText } from './lifecycle.js';

/** What a stack on Google Cloud promises of keys, locks, recovery windows and TLS. */
export function expectOfGcp(graph: StackGraph): readonly Target[] {
  return [
    ...graph.of('google_kms_crypto_key').map((key) => keyTarget(graph, key)),
    ...graph.of('google_storage_bucket').map((bucket) => bucketTarget(graph, bucket)),
    ...graph.of('google_sql_database_instance').map((instance) => databaseTarget(graph, instance)),
    ...graph.of('google_sql_user').map((user) => userTarget(graph, user)),
    ...graph.of('google_sql_database').map((one) => innerTarget(graph, one)),
    ...graph.of('google_memorystore_instance').map((instance) => cacheTarget(graph, instance)),
    ...expectOfGrants(graph),
    ...expectOfNetwork(graph),
    ...expectOfServices(graph),
    ...expectOfWatch(graph),
  ];
}

function keyTarget(graph: StackGraph, key: GraphResource): Target {
  const { attributes } = key;
  return target(graph, key, 'key', idOf(graph, key), {
    // Signing keys have versions and none of them is primary.
    state: attributes.purpose === 'ASYMMETRIC_SIGN' ? undefined : 'ENABLED',
    usage: textAt(attributes, 'purpose'),
    protection: textAt(block(attributes.version_template), 'protection_level'),
    rotation: textAt(attributes, 'rotation_period'),
    'destroyed after': textAt(attributes, 'destroy_scheduled_duration'),
  });
}

function bucketTarget(graph: StackGraph, bucket: GraphResource): Target {
  const { attributes } = bucket;
  const retention = block(attributes.retention_policy);
  return target(graph, bucket, 'bucket', String(attributes.name), {
    'encryption key': keyId(graph, block(attributes.encryption)?.default_kms_key_name),
    'lock seconds': numberAt(retention, 'retention_period'),
    locked: retention?.is_locked === true,
    'lock a date': attributes.enable_object_retention === true,
    versioning: block(attributes.versioning)?.enabled === true,
    'undelete seconds': numberAt(block(attributes.soft_delete_policy), 'retention_duration_seconds'),
    'public access': textAt(attributes, 'public_access_prevention'),
    'one access list': attributes.uniform_bucket_level_access === true,
    'access logged in': settledText(graph, block(attributes.logging)?.log_bucket),
    ends: listed(blocks(attributes.lifecycle_rule).map(endOf)),
  });
}

const settledText = (graph: StackGraph, value: unknown): string | undefined =>
  value === undefined ? undefined : String(graph.settled(value));

function endOf({ action, condition }: GraphResource['attributes']): string {
  const what = block(action);
  const when = block(condition);
  return endText({
    what: textAt(what, 'type'),
    class: textAt(what, 'storage_class'),
    age: numberAt(when, 'age'),
    oldDays: numberAt(when, 'days_since_noncurrent_time'),
    ownDays: numberAt(when, 'days_since_custom_time'),
    live: when?.with_state === 'LIVE' ? true : when?.with_state === 'ARCHIVED' ? false : undefined,
    prefixes: (when?.matches_prefix ?? []) as readonly string[],
  });
}

function databaseTarget(graph: StackGraph, instance: GraphResource): Target {
  const { attributes } = instance;
  const settings = block(attributes.settings) ?? {};
  const backup = block(settings.backup_configuration);
  const network = block(settings.ip_configuration);
  const project = String(graph.settled(attributes.project ?? graph.provider.project));
  return target(graph, instance, 'database', `${project}/${attributes.name}`, {
    'encryption key': keyId(graph, attributes.encryption_key_name),
    PITR: backup?.point_in_time_recovery_enabled === true,
    'PITR days': numberAt(backup, 'transaction_log_retention_days'),
    'backups kept': numberAt(block(backup?.backup_retention_settings), 'retained_backups'),
    availability: textAt(settings, 'availability_type'),
    'deletion protection': settings.deletion_protection_enabled === true,
    public: network?.ipv4_enabled === true,
    TLS: textAt(network, 'ssl_mode'),
    authority: textAt(network, 'server_ca_mode'),
    network: graph.referred(network?.private_network)?.attributes.name as string | undefined,
    ...Object.fromEntries(blocks(settings.database_flags).map(({ name, value }) => [`flag ${name}`, String(value)])),
  });
}

const within = (graph: StackGraph, { attributes }: GraphResource): string =>
  `${graph.settled(attributes.project ?? graph.provider.project)}/${graph.settled(attributes.instance)}`;

/** How it signs in; its password is nobody's to read. */
const userTarget = (graph: StackGraph, user: GraphResource): Target =>
  target(graph, user, 'user', `${within(graph, user)}/users/${user.attributes.name}`, {
    'signs in by': textAt(user.attributes, 'type'),
  });

const innerTarget = (graph: StackGraph, one: GraphResource): Target =>
  target(graph, one, 'inner database', `${within(graph, one)}/databases/${one.attributes.name}`, { there: true });

function cacheTarget(graph: StackGraph, instance: GraphResource): Target {
  const { attributes } = instance;
  const { project, location, instance_id } = attributes;
  return target(graph, instance, 'cache', `projects/${project}/locations/${location}/instances/${instance_id}`, {
    'encryption key': keyId(graph, attributes.kms_key),
    TLS: textAt(attributes, 'transit_encryption_mode'),
    authorization: textAt(attributes, 'authorization_mode'),
    'deletion protection': attributes.deletion_protection_enabled === true,
    replicas: numberAt(attributes, 'replica_count'),
    'snapshots kept': textAt(block(attributes.automated_backup_config), 'retention'),
    'written down as': textAt(block(attributes.persistence_config), 'mode'),
    zones: textAt(block(attributes.zone_distribution_config), 'mode'),
    ...Object.fromEntries(
      Object.entries((attributes.engine_configs ?? {}) as Readonly<Record<string, string>>).map(([name, value]) => [
        `setting ${name}`,
        value,
      ]),
    ),
  });
}
