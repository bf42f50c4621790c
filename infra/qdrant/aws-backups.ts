import { BackupPlan } from '@cdktf/provider-aws/lib/backup-plan/index.js';
import { BackupSelection } from '@cdktf/provider-aws/lib/backup-selection/index.js';
import { BackupVault } from '@cdktf/provider-aws/lib/backup-vault/index.js';
import { BackupVaultLockConfiguration } from '@cdktf/provider-aws/lib/backup-vault-lock-configuration/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js';
import type { Construct } from 'constructs';
import { buildServiceTrust } from '../support/aws-service-trust.js';
import { GUARDED } from '../support/guard.js';
import { buildName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedQdrant } from './contract.js';

type AwsQdrant = ResolvedQdrant<AwsSite>;

/** The storage class puts it on every volume that it makes. */
export const VOLUME_TAG = { key: 'memplane-backup', value: 'qdrant' } as const;

/** Days in which a lock can still be taken back; the shortest that AWS takes. */
const GRACE = 3;

/** A second way back beside the store's own snapshots: volumes as they were, each night. */
export function buildVolumeBackups(unit: Construct, config: AwsQdrant): void {
  const { site, name, tags, key, keptDays, locked } = config;
  const [least, most] = keptDays;
  const tagged = { ...providerOf(site), tags: buildTags('aws', tags, 'objects') };
  const vault = new BackupVault(unit, 'volumes', {
    ...tagged,
    name: `${name}-volumes`,
    kmsKeyArn: key.id,
    forceDestroy: false,
    lifecycle: GUARDED,
  });
  new BackupVaultLockConfiguration(unit, 'volumes_lock', {
    ...providerOf(site),
    backupVaultName: vault.name,
    minRetentionDays: least,
    maxRetentionDays: most,
    // Without it the lock is one that whoever may can take off.
    ...(locked ? { changeableForDays: GRACE } : {}),
  });
  copyNightly(unit, config, vault);
}

function copyNightly(unit: Construct, config: AwsQdrant, vault: BackupVault): void {
  const { site, name, tags, keptDays } = config;
  const [least] = keptDays;
  const plan = new BackupPlan(unit, 'volumes_plan', {
    ...providerOf(site),
    tags: buildTags('aws', tags, 'objects'),
    name: `${name}-volumes`,
    rule: [
      {
        ruleName: 'nightly',
        targetVaultName: vault.name,
        schedule: 'cron(0 2 * * ? *)',
        startWindow: 60,
        completionWindow: 360,
        lifecycle: { deleteAfter: least },
      },
    ],
  });
  new BackupSelection(unit, 'volumes_selection', {
    ...providerOf(site),
    name: `${name}-volumes`,
    planId: plan.id,
    iamRoleArn: buildRole(unit, config).arn,
    selectionTag: [{ type: 'STRINGEQUALS', ...VOLUME_TAG }],
  });
}

function buildRole(unit: Construct, { site, name, tags }: AwsQdrant): IamRole {
  const role = new IamRole(unit, 'volumes_role', {
    ...providerOf(site),
    name: buildName('aws', 'role', [name, 'volumes']),
    path: site.rolePath,
    assumeRolePolicy: buildServiceTrust(site, 'backup.amazonaws.com'),
    tags: buildTags('aws', tags, 'objects'),
  });
  for (const what of ['Backup', 'Restores'] as const) {
    new IamRolePolicyAttachment(unit, `volumes_${what.toLowerCase()}`, {
      ...providerOf(site),
      role: role.name,
      policyArn: `arn:${site.partition}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor${what}`,
    });
  }
  return role;
}
