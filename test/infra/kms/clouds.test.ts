import { only, synthKeys } from '../units.js';

describe('keys on AWS', () => {
  const stack = synthKeys('aws');

  it('rotate, take their time to go and can have a second region', () => {
    expect(only(stack, 'aws_kms_key', 'here_audit_key')).toMatchObject({
      enable_key_rotation: true,
      rotation_period_in_days: 90,
      deletion_window_in_days: 30,
      multi_region: true,
      bypass_policy_lockout_safety_check: false,
      lifecycle: { prevent_destroy: true },
    });
  });

  it('that sign are not asked to rotate, which AWS would refuse', () => {
    const anchor = only(stack, 'aws_kms_key', 'here_anchor_key');
    expect(anchor).toMatchObject({ key_usage: 'SIGN_VERIFY', customer_master_key_spec: 'ECC_NIST_P256' });
    expect(anchor).not.toHaveProperty('enable_key_rotation');
    expect(anchor).not.toHaveProperty('rotation_period_in_days');
  });

  it('of the second region repeat the policy in full, because a replica has its own', () => {
    for (const purpose of ['audit', 'anchor', 'tenant']) {
      const replica = only(stack, 'aws_kms_replica_key', `there_${purpose}_key`);
      expect(replica.policy).toBe(only(stack, 'aws_kms_key', `here_${purpose}_key`).policy);
      expect(replica.primary_key_arn).toMatch(/^\$\{aws_kms_key\.here_/);
    }
  });

  it('have the same alias in both regions', () => {
    expect(only(stack, 'aws_kms_alias', 'there_tenant_alias').name).toBe('alias/memplane-test-tenant');
    expect(only(stack, 'aws_kms_alias', 'here_tenant_alias').name).toBe('alias/memplane-test-tenant');
  });
});

describe('keys on Google Cloud', () => {
  const stack = synthKeys('gcp');

  it('rotate in an HSM and can be brought back for 30 days', () => {
    expect(only(stack, 'google_kms_crypto_key', 'here_audit_key')).toMatchObject({
      purpose: 'ENCRYPT_DECRYPT',
      rotation_period: '7776000s',
      destroy_scheduled_duration: '2592000s',
      version_template: { algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION', protection_level: 'HSM' },
    });
  });

  it('that sign have no rotation, which Google would refuse', () => {
    const anchor = only(stack, 'google_kms_crypto_key', 'here_anchor_key');
    expect(anchor).toMatchObject({
      purpose: 'ASYMMETRIC_SIGN',
      version_template: { algorithm: 'EC_SIGN_P256_SHA256' },
    });
    expect(anchor).not.toHaveProperty('rotation_period');
  });

  it('of tenants are made by the operator: there is a ring and no key', () => {
    const ids = Object.keys(stack.resource.google_kms_crypto_key ?? {});
    expect(ids.filter((id) => id.includes('tenant'))).toEqual([]);
    expect(only(stack, 'google_kms_key_ring', 'here_ring').name).toBe('memplane-test-vault');
  });

  it('are granted to the storage agent if storage uses them, and to nobody else', () => {
    const grants = Object.values(stack.resource.google_kms_crypto_key_iam_member ?? {});
    expect(grants.map((grant) => grant.member)).toEqual(
      Array(2).fill('serviceAccount:service-100000000001@gs-project-accounts.iam.gserviceaccount.com'),
    );
  });
});

describe('keys on Azure', () => {
  const stack = synthKeys('azure');

  it('lie in a premium vault that cannot be purged or reached from outside', () => {
    expect(only(stack, 'azurerm_key_vault', 'here_vault')).toMatchObject({
      sku_name: 'premium',
      rbac_authorization_enabled: true,
      purge_protection_enabled: true,
      soft_delete_retention_days: 30,
      public_network_access_enabled: false,
      network_acls: { default_action: 'Deny', bypass: 'AzureServices' },
    });
  });

  it('outlive their rotation, and Terraform leaves their expiry alone', () => {
    expect(only(stack, 'azurerm_key_vault_key', 'here_audit_key')).toMatchObject({
      key_type: 'RSA-HSM',
      key_size: 3072,
      rotation_policy: { automatic: { time_after_creation: 'P90D' }, expire_after: 'P180D' },
      lifecycle: { prevent_destroy: true, ignore_changes: ['expiration_date'] },
    });
    expect(only(stack, 'azurerm_key_vault_key', 'here_anchor_key')).toMatchObject({
      key_type: 'EC-HSM',
      curve: 'P-256',
    });
  });

  it('are made after the vault lets deploy in', () => {
    const { depends_on } = only(stack, 'azurerm_key_vault_key', 'here_audit_key');
    expect(depends_on).toEqual([expect.stringMatching(/^azurerm_role_assignment\.here_officer_/)]);
  });

  it('in software need no premium vault', () => {
    const soft = synthKeys('azure', 'Software');
    expect(only(soft, 'azurerm_key_vault', 'here_vault').sku_name).toBe('standard');
    expect(only(soft, 'azurerm_key_vault_key', 'here_audit_key').key_type).toBe('RSA');
  });
});
