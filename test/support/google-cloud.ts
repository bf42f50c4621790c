import type { Answers } from './cloud-facts.js';
import { googleGrants } from './google-grants.js';
import { googleNetwork } from './google-network.js';
import { googleServices } from './google-services.js';
import { googleWatch } from './google-watch.js';
import { attributesOf, first, named, referred } from './graph-attributes.js';
import type { Attributes, StackJson } from './terraform-json.js';

/**
 * What the APIs of Google Cloud would say after an apply of these stacks, in the shapes of their references: numbers
 * that are int64 come as strings, the key that is in use is named with its version, a bucket has `iamConfiguration`.
 */
export function googleAnswers(stacks: readonly StackJson[]): Answers {
  return Object.assign({}, ...stacks.map(answersOf), googleWatch(stacks), googleNetwork(stacks), googleGrants(stacks));
}

function answersOf(stack: StackJson): Answers {
  const keyName = (expression: unknown): string => {
    const key = referred(stack, expression);
    const ring = referred(stack, key.key_ring);
    return `projects/${named(stack, ring.project)}/locations/${ring.location}/keyRings/${ring.name}/cryptoKeys/${key.name}`;
  };
  const services = googleServices(stack, keyName);
  const inUse = (expression: unknown): string => `${keyName(expression)}/cryptoKeyVersions/3`;
  return {
    ...services,
    ...each(stack, 'google_kms_crypto_key', (key, address) => [
      `/v1/${keyName(`\${${address}.id}`)}`,
      {
        name: keyName(`\${${address}.id}`),
        purpose: key.purpose,
        ...(key.purpose === 'ENCRYPT_DECRYPT'
          ? { primary: { state: 'ENABLED', protectionLevel: first(key.version_template).protection_level } }
          : {}),
        ...(key.rotation_period === undefined ? {} : { rotationPeriod: key.rotation_period }),
        versionTemplate: { protectionLevel: first(key.version_template).protection_level },
        destroyScheduledDuration: key.destroy_scheduled_duration,
      },
    ]),
    ...each(stack, 'google_storage_bucket', (bucket) => [
      `/storage/v1/b/${bucket.name}`,
      {
        kind: 'storage#bucket',
        encryption: { defaultKmsKeyName: keyName(first(bucket.encryption).default_kms_key_name) },
        ...(bucket.retention_policy === undefined
          ? {}
          : {
              retentionPolicy: {
                retentionPeriod: String(first(bucket.retention_policy).retention_period),
                effectiveTime: '2026-01-01T00:00:00Z',
                ...(first(bucket.retention_policy).is_locked === true ? { isLocked: true } : {}),
              },
            }),
        ...(bucket.enable_object_retention === true ? { objectRetention: { mode: 'Enabled' } } : {}),
        versioning: { enabled: first(bucket.versioning).enabled },
        softDeletePolicy: {
          retentionDurationSeconds: String(first(bucket.soft_delete_policy).retention_duration_seconds),
        },
        iamConfiguration: {
          publicAccessPrevention: bucket.public_access_prevention,
          uniformBucketLevelAccess: { enabled: bucket.uniform_bucket_level_access },
        },
        ...(bucket.logging === undefined
          ? {}
          : { logging: { logBucket: named(stack, first(bucket.logging).log_bucket) } }),
        lifecycle: { rule: ((bucket.lifecycle_rule ?? []) as readonly Attributes[]).map(ruleOf) },
      },
    ]),
    ...each(stack, 'google_sql_database_instance', (instance) => [
      `/v1/projects/${instance.project}/instances/${instance.name}`,
      sqlInstance(stack, instance, inUse(instance.encryption_key_name)),
    ]),
    ...each(stack, 'google_sql_user', (user) => [
      `/v1/projects/${user.project}/instances/${named(stack, user.instance)}/users/${user.name}`,
      { kind: 'sql#user', name: user.name },
    ]),
    ...each(stack, 'google_sql_database', (one) => [
      `/v1/projects/${one.project}/instances/${named(stack, one.instance)}/databases/${one.name}`,
      { kind: 'sql#database', name: one.name },
    ]),
    ...each(stack, 'google_memorystore_instance', (instance) => [
      `/v1/projects/${instance.project}/locations/${instance.location}/instances/${instance.instance_id}`,
      {
        state: 'ACTIVE',
        kmsKey: keyName(instance.kms_key),
        transitEncryptionMode: instance.transit_encryption_mode,
        authorizationMode: instance.authorization_mode,
        deletionProtectionEnabled: instance.deletion_protection_enabled,
        replicaCount: instance.replica_count,
        automatedBackupConfig: { retention: first(instance.automated_backup_config).retention },
        persistenceConfig: { mode: first(instance.persistence_config).mode },
        zoneDistributionConfig: { mode: first(instance.zone_distribution_config).mode },
        engineConfigs: instance.engine_configs,
      },
    ]),
  };
}

function ruleOf(rule: Attributes): unknown {
  const { type, storage_class } = first(rule.action);
  const when = first(rule.condition);
  const live = { LIVE: true, ARCHIVED: false }[String(when.with_state)];
  return {
    action: { type, ...(storage_class === undefined ? {} : { storageClass: storage_class }) },
    condition: {
      ...(when.age === undefined ? {} : { age: when.age }),
      ...(when.days_since_noncurrent_time === undefined
        ? {}
        : { daysSinceNoncurrentTime: when.days_since_noncurrent_time }),
      ...(when.days_since_custom_time === undefined ? {} : { daysSinceCustomTime: when.days_since_custom_time }),
      ...(when.matches_prefix === undefined ? {} : { matchesPrefix: when.matches_prefix }),
      ...(live === undefined ? {} : { isLive: live }),
    },
  };
}

function sqlInstance(stack: StackJson, instance: Attributes, key: string): unknown {
  const settings = first(instance.settings);
  const backup = first(settings.backup_configuration);
  const network = first(settings.ip_configuration);
  return {
    kind: 'sql#instance',
    diskEncryptionConfiguration: { kind: 'sql#diskEncryptionConfiguration', kmsKeyName: key },
    settings: {
      availabilityType: settings.availability_type,
      deletionProtectionEnabled: settings.deletion_protection_enabled,
      backupConfiguration: {
        enabled: backup.enabled ?? false,
        ...(backup.point_in_time_recovery_enabled === true ? { pointInTimeRecoveryEnabled: true } : {}),
        transactionLogRetentionDays: backup.transaction_log_retention_days ?? 7,
        backupRetentionSettings: {
          retentionUnit: 'COUNT',
          retainedBackups: first(backup.backup_retention_settings).retained_backups ?? 7,
        },
      },
      ipConfiguration: {
        ipv4Enabled: network.ipv4_enabled,
        sslMode: network.ssl_mode,
        serverCaMode: network.server_ca_mode,
        privateNetwork: `projects/${instance.project}/global/networks/${referred(stack, network.private_network).name}`,
      },
      databaseFlags: settings.database_flags ?? [],
    },
  };
}

const each = (
  stack: StackJson,
  type: string,
  answer: (attributes: Attributes, address: string) => readonly [path: string, body: unknown],
): Answers => Object.fromEntries(attributesOf(stack, type).map(([address, one]) => answer(one, address)));
