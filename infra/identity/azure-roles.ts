import { RoleDefinition } from '@cdktf/provider-azurerm/lib/role-definition/index.js';
import type { Construct } from 'constructs';
import type { AzureSite } from '../support/site.js';
import type { RolesConfig } from './contract.js';

interface Rights {
  readonly actions?: readonly string[];
  readonly dataActions?: readonly string[];
}

const keys = (...verbs: readonly string[]) => verbs.map((verb) => `Microsoft.KeyVault/vaults/keys/${verb}`);
const blobs = (...verbs: readonly string[]) =>
  verbs.map((verb) => `Microsoft.Storage/storageAccounts/blobServices/containers/blobs/${verb}`);
const records = (...verbs: readonly string[]) => verbs.map((verb) => `Microsoft.Network/dnsZones/${verb}`);
const identities = (...verbs: readonly string[]) =>
  verbs.map((verb) => `Microsoft.ManagedIdentity/userAssignedIdentities/${verb}`);

/** Azure's own are all too wide: `Key Vault Crypto User` decrypts, `Storage Blob Data Contributor` lists and deletes. */
export const AZURE_ROLES = {
  unwrap: { dataActions: keys('read', 'wrap/action', 'unwrap/action') },
  // Neither unwrap nor decrypt nor sign, and no purge.
  tenantKeyAdmin: {
    dataActions: [
      ...keys('read', 'create/action', 'update/action', 'delete'),
      ...['read', 'write'].map((verb) => `Microsoft.KeyVault/vaults/keyrotationpolicies/${verb}`),
    ],
  },
  keyring: { dataActions: blobs('read', 'write', 'add/action', 'delete') },
  keyringUse: { dataActions: blobs('read', 'write', 'add/action') },
  artifactsUse: { dataActions: blobs('read', 'write', 'add/action', 'delete', 'tags/write') },
  backupAppend: { dataActions: blobs('write', 'add/action') },
  backupRead: { dataActions: blobs('read') },
  // No write, so that a name is taken once. The action puts the date on what is added, and takes away no policy that is locked.
  auditAppend: { dataActions: blobs('read', 'add/action', 'immutableStorage/runAsSuperUser/action') },
  reaper: { dataActions: blobs('read', 'delete') },
  // The action also deletes policies that are not locked: only who locks with the write itself has it beside this one.
  retentionExtender: { dataActions: blobs('read', 'immutableStorage/runAsSuperUser/action') },
  // Neither makes, moves or ends a zone, and neither touches its delegations.
  challenger: { actions: records('read', 'TXT/read', 'TXT/write', 'TXT/delete') },
  recordKeeper: {
    actions: records(
      'read',
      '*/read',
      ...['A', 'AAAA', 'CNAME', 'TXT'].flatMap((one) => [`${one}/write`, `${one}/delete`]),
    ),
  },
  anchorSign: { dataActions: keys('read', 'sign/action', 'verify/action') },
  tenantIdentities: {
    actions: [
      ...identities('read', 'write', 'delete', 'federatedIdentityCredentials/*'),
      'Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/*',
    ],
  },
} as const satisfies Readonly<Record<string, Rights>>;

export type AzureRole = keyof typeof AZURE_ROLES;

/** What the operator may hand to a tenant's identity, and nothing else. */
export const GRANTED_TO_TENANTS: readonly AzureRole[] = [
  'unwrap',
  'keyringUse',
  'artifactsUse',
  'backupAppend',
  'backupRead',
  'auditAppend',
];

/** The id is the last part of what the plane refers to; Azure takes one that is chosen beforehand. */
export const guidOf = (id: string): string => id.slice(id.lastIndexOf('/') + 1);

export function buildAzureRoles(unit: Construct, { name, scope, ids }: RolesConfig<AzureSite>): void {
  for (const [role, rights] of Object.entries<Rights>(AZURE_ROLES)) {
    new RoleDefinition(unit, role, {
      name: `${name}-${role}`,
      roleDefinitionId: guidOf(ids[role] ?? ''),
      description: `memplane ${role}`,
      scope,
      assignableScopes: [scope],
      permissions: [{ actions: [...(rights.actions ?? [])], dataActions: [...(rights.dataActions ?? [])] }],
    });
  }
}
