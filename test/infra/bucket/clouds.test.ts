import type { Cloud } from '../../../infra/support/site.js';
import { only, synthBucket } from '../units.js';

const AUDIT = { lifecycle: { infrequentAfterDays: 30, archiveAfterDays: 365 } };
const ARTIFACTS = { purpose: 'artifacts', lifecycle: { archiveAfterDays: 90, noncurrentDays: 30 } } as const;

describe('a bucket on S3', () => {
  it('moves audit records to Instant Retrieval and Deep Archive, small ones too', () => {
    const lifecycle = only(synthBucket('aws', AUDIT), 'aws_s3_bucket_lifecycle_configuration', 'it_lifecycle');
    expect(lifecycle.transition_default_minimum_object_size).toBe('varies_by_storage_class');
    expect(lifecycle.rule).toContainEqual(
      expect.objectContaining({
        id: 'tier',
        filter: [{ prefix: '' }],
        transition: [
          { days: 30, storage_class: 'GLACIER_IR' },
          { days: 365, storage_class: 'DEEP_ARCHIVE' },
        ],
      }),
    );
  });

  it('archives only those artifacts that are marked, because a lifecycle cannot see a legal hold', () => {
    const lifecycle = only(synthBucket('aws', ARTIFACTS), 'aws_s3_bucket_lifecycle_configuration', 'it_lifecycle');
    expect(lifecycle.rule).toContainEqual(
      expect.objectContaining({
        filter: [{ tag: [{ key: 'tier', value: 'archivable' }] }],
        transition: [{ days: 90, storage_class: 'GLACIER' }],
      }),
    );
  });

  it('takes logs without KMS, which the log service refuses', () => {
    const logs = synthBucket('aws', { purpose: 'accessLogs' });
    expect(only(logs, 'aws_s3_bucket_server_side_encryption_configuration', 'it_encryption').rule).toEqual([
      { apply_server_side_encryption_by_default: { sse_algorithm: 'AES256' } },
    ]);
    expect(logs.resource).not.toHaveProperty('aws_s3_bucket_logging');
  });

  it('orders the settings that S3 refuses in any other order', () => {
    const stack = synthBucket('aws', {});
    const needs = (type: string, id: string) => String(only(stack, type, id).depends_on);
    expect(needs('aws_s3_bucket_policy', 'it_policy')).toContain('aws_s3_bucket_public_access_block.it_public_access');
    expect(needs('aws_s3_bucket_object_lock_configuration', 'it_lock')).toContain('aws_s3_bucket_versioning.');
  });
});

describe('a bucket on Google Cloud', () => {
  it('locks the floor for all and leaves each object its own date', () => {
    expect(only(synthBucket('gcp', {}), 'google_storage_bucket', 'it')).toMatchObject({
      retention_policy: { retention_period: 365 * 86_400, is_locked: true },
      enable_object_retention: true,
      versioning: { enabled: false },
    });
  });

  it.each(['keys', 'audit'] as const)('turns the soft delete off that Google turns on, for %s', (purpose) => {
    expect(only(synthBucket('gcp', { purpose }), 'google_storage_bucket', 'it').soft_delete_policy).toEqual({
      retention_duration_seconds: 0,
    });
  });

  it('archives marked artifacts by their custom time', () => {
    const { lifecycle_rule, soft_delete_policy } = only(synthBucket('gcp', ARTIFACTS), 'google_storage_bucket', 'it');
    expect(lifecycle_rule).toContainEqual({
      action: { type: 'SetStorageClass', storage_class: 'ARCHIVE' },
      condition: { days_since_custom_time: 90 },
    });
    expect(soft_delete_policy).toEqual({ retention_duration_seconds: 30 * 86_400 });
  });

  it('waits for the grant on its key, without which it cannot be made', () => {
    expect(String(only(synthBucket('gcp', {}), 'google_storage_bucket', 'it').depends_on)).toContain(
      'google_kms_crypto_key_iam_member.kms_audit_storage',
    );
  });
});

describe('a bucket on Azure', () => {
  it('is immutable for the floor, in the state that the apply is at', () => {
    expect(only(synthBucket('azure', {}), 'azurerm_storage_account', 'it').immutability_policy).toEqual({
      allow_protected_append_writes: false,
      period_since_creation_in_days: 365,
      state: 'Locked',
    });
  });

  it('makes governance an immutability that can be taken back', () => {
    const lock = { mode: 'Governance', floorDays: 1, retentionDays: 30 } as const;
    expect(only(synthBucket('azure', { lock }), 'azurerm_storage_account', 'it').immutability_policy).toMatchObject({
      period_since_creation_in_days: 1,
      state: 'Unlocked',
    });
  });

  it('keeps no trace of a destroyed key: no version, no feed, no bin', () => {
    const keys = synthBucket('azure', { purpose: 'keys' });
    expect(only(keys, 'azurerm_storage_account', 'it').blob_properties).toEqual({
      versioning_enabled: false,
      change_feed_enabled: false,
    });
    expect(keys.resource).not.toHaveProperty('azurerm_storage_management_policy');
  });

  it('follows the rotation of its key, as an identity that may do nothing else', () => {
    const stack = synthBucket('azure', {});
    expect(only(stack, 'azurerm_storage_account', 'it')).toMatchObject({
      customer_managed_key: { key_vault_key_id: expect.stringMatching(/\.versionless_id\}$/) },
    });
    expect(only(stack, 'azurerm_role_assignment', 'it_may_wrap')).toMatchObject({
      role_definition_name: 'Key Vault Crypto Service Encryption User',
      scope: expect.stringMatching(/\.resource_versionless_id\}$/),
    });
  });

  it('has its container by id, not through the data plane', () => {
    const container = only(synthBucket('azure', {}), 'azurerm_storage_container', 'it_container');
    expect(container.storage_account_id).toMatch(/^\$\{azurerm_storage_account\.it\.id\}$/);
    expect(container).not.toHaveProperty('storage_account_name');
  });

  it('tiers audit records down to cold, the last tier of zone-redundant accounts', () => {
    const policy = only(synthBucket('azure', AUDIT), 'azurerm_storage_management_policy', 'it_lifecycle');
    const tiers = {
      tier_to_cool_after_days_since_creation_greater_than: 30,
      tier_to_cold_after_days_since_creation_greater_than: 365,
    };
    expect(policy.rule).toContainEqual(expect.objectContaining({ name: 'tier', actions: { base_blob: tiers } }));
  });
});

describe('a bucket anywhere', () => {
  it.each<Cloud>(['aws', 'gcp', 'azure'])('keeps its logical id on %s when code moves', (cloud) => {
    const [type] = Object.entries(synthBucket(cloud, {}).resource).find(([, ofType]) => 'it' in ofType) ?? [];
    expect(type).toMatch(/^(aws_s3_bucket|google_storage_bucket|azurerm_storage_account)$/);
  });
});
