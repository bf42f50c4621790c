import { at, guarded, keyOf, resource } from './references.js';
import type { Attributes, StackJson } from './terraform-json.js';

/** What the three clouds must agree on, read from the Terraform JSON and nothing else. */
export interface BucketFacts {
  /** Purpose of the key, if it is a rotated, guarded key of the same stack. */
  readonly key: string | undefined;
  readonly lock: 'Compliance' | 'Governance' | 'None';
  readonly floorDays: number;
  /** An overwrite or a delete can be undone, or cannot happen. */
  readonly recoverable: boolean;
  readonly tlsOnly: boolean;
  readonly private: boolean;
  readonly logged: boolean;
  readonly guarded: boolean;
}

export type Cloud = 'aws' | 'gcp' | 'azure';

/** Where data lies on each cloud. */
export const BUCKET_TYPES: Readonly<Record<Cloud, string>> = {
  aws: 'aws_s3_bucket',
  gcp: 'google_storage_bucket',
  azure: 'azurerm_storage_account',
};

/** `stacks` are both layers of an environment: on Google Cloud TLS is a rule of the project, made by the vault. */
export function factsOf(cloud: Cloud, stack: StackJson, stacks: readonly StackJson[], id: string): BucketFacts {
  switch (cloud) {
    case 'aws':
      return awsFacts(stack, id);
    case 'gcp':
      return gcpFacts(stack, stacks, id);
    case 'azure':
      return azureFacts(stack, id);
  }
}

function awsFacts(stack: StackJson, id: string): BucketFacts {
  const bucket = resource(stack, 'aws_s3_bucket', id);
  const sse = resource(stack, 'aws_s3_bucket_server_side_encryption_configuration', `${id}_encryption`);
  const lock = at(
    resource(stack, 'aws_s3_bucket_object_lock_configuration', `${id}_lock`),
    'rule',
    'default_retention',
  );
  const block = resource(stack, 'aws_s3_bucket_public_access_block', `${id}_public_access`);
  const versioning = resource(stack, 'aws_s3_bucket_versioning', `${id}_versioning`);
  const policy = String(at(resource(stack, 'aws_s3_bucket_policy', `${id}_policy`), 'policy') ?? '{"Statement":[]}');
  const mode = at(bucket, 'object_lock_enabled') === true ? at(lock, 'mode') : undefined;
  // A replica key rotates with its original.
  const rotates = (key: Attributes, type: string) => type === 'aws_kms_replica_key' || key.enable_key_rotation === true;
  return {
    key: keyOf(stack, at(sse, 'rule', 0, 'apply_server_side_encryption_by_default', 'kms_master_key_id'), rotates),
    lock: mode === 'COMPLIANCE' ? 'Compliance' : mode === 'GOVERNANCE' ? 'Governance' : 'None',
    floorDays: mode === undefined ? 0 : (floorOf(policy) ?? Number(at(lock, 'days'))),
    recoverable: at(versioning, 'versioning_configuration', 'status') === 'Enabled',
    tlsOnly: deniesPlain(policy),
    private: ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'].every(
      (switched) => at(block, switched) === true,
    ),
    logged: at(resource(stack, 'aws_s3_bucket_logging', `${id}_logging`), 'target_bucket') !== undefined,
    guarded: guarded(bucket) && at(bucket, 'force_destroy') === false,
  };
}

interface Statement {
  readonly Effect: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const denials = (policy: string): readonly Statement[] =>
  (JSON.parse(policy) as { Statement: Statement[] }).Statement.filter(({ Effect }) => Effect === 'Deny');

const deniesPlain = (policy: string): boolean =>
  denials(policy).some(({ Condition }) => Condition?.Bool?.['aws:SecureTransport'] === 'false') &&
  denials(policy).some(({ Condition }) => Condition?.NumericLessThan?.['s3:TlsVersion'] === '1.2');

function floorOf(policy: string): number | undefined {
  const floors = denials(policy).flatMap(({ Condition }) => {
    const days = Condition?.NumericLessThan?.['s3:object-lock-remaining-retention-days'];
    return days === undefined ? [] : [Number(days)];
  });
  return floors[0];
}

function gcpFacts(stack: StackJson, stacks: readonly StackJson[], id: string): BucketFacts {
  const bucket = resource(stack, 'google_storage_bucket', id);
  const period = at(bucket, 'retention_policy', 'retention_period');
  const isLocked = at(bucket, 'retention_policy', 'is_locked');
  const tls = stacks.some((one) => {
    const rule = resource(one, 'google_org_policy_policy', 'baseline_tls_only');
    return (
      String(at(rule, 'name')).endsWith('/policies/storage.secureHttpTransport') &&
      at(rule, 'spec', 'rules', 0, 'enforce') === 'TRUE'
    );
  });
  return {
    key: keyOf(stack, at(bucket, 'encryption', 'default_kms_key_name'), (key) => key.rotation_period !== undefined),
    lock: period === undefined ? 'None' : isLocked === true ? 'Compliance' : 'Governance',
    floorDays: Number(period ?? 0) / 86_400,
    recoverable: at(bucket, 'versioning', 'enabled') === true || period !== undefined,
    tlsOnly: tls,
    private:
      at(bucket, 'public_access_prevention') === 'enforced' && at(bucket, 'uniform_bucket_level_access') === true,
    logged: at(bucket, 'logging', 'log_bucket') !== undefined,
    guarded: guarded(bucket) && at(bucket, 'force_destroy') === false,
  };
}

function azureFacts(stack: StackJson, id: string): BucketFacts {
  const account = resource(stack, 'azurerm_storage_account', id);
  const state = at(account, 'immutability_policy', 'state');
  const locks = Object.values(stack.resource.azurerm_management_lock ?? {});
  const logging = resource(stack, 'azurerm_monitor_diagnostic_setting', `${id}_logging`);
  const off = ['public_network_access_enabled', 'allow_nested_items_to_be_public', 'shared_access_key_enabled'];
  const rotates = (key: Attributes) => at(key, 'rotation_policy', 'automatic', 'time_after_creation') !== undefined;
  return {
    key: keyOf(stack, at(account, 'customer_managed_key', 'key_vault_key_id'), rotates),
    lock: state === 'Locked' ? 'Compliance' : state === 'Unlocked' ? 'Governance' : 'None',
    floorDays: Number(at(account, 'immutability_policy', 'period_since_creation_in_days') ?? 0),
    recoverable: at(account, 'blob_properties', 'versioning_enabled') === true,
    tlsOnly: at(account, 'https_traffic_only_enabled') === true && at(account, 'min_tls_version') === 'TLS1_2',
    private:
      off.every((name) => at(account, name) === false) && at(account, 'network_rules', 'default_action') === 'Deny',
    logged: at(logging, 'storage_account_id') !== undefined,
    guarded:
      guarded(account) &&
      locks.some((lock) => lock.scope === `\${azurerm_storage_account.${id}.id}` && lock.lock_level === 'CanNotDelete'),
  };
}
