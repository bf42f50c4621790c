import { ResourceGroupTemplateDeployment } from '@cdktf/provider-azurerm/lib/resource-group-template-deployment/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import type { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { LISTS_ONLY, tenantsOnly } from './azure-conditions.js';
import type { AzureRole } from './azure-roles.js';
import { buildWorkloadIdentity } from './azure-workload.js';
import {
  ACCOUNTS,
  type IdentityOutput,
  namespaceOf,
  PLANE_WORKERS,
  type PlaneWorker,
  type ResolvedIdentity,
} from './contract.js';

export type AzureIdentity = ResolvedIdentity<AzureSite>;

/** An identity a worker of the plane; those of tenants are made by the operator, with four credentials each. */
export function buildAzureIdentity(unit: Construct, config: AzureIdentity): IdentityOutput {
  const made = Object.fromEntries(
    PLANE_WORKERS.map((worker) => [worker, buildIdentity(unit, config, worker)]),
  ) as Record<PlaneWorker, UserAssignedIdentity>;
  letOperatorWork(unit, config, made.operator);
  letWitnessSign(unit, config, made.witness);
  if (config.cache !== undefined) letConnect(unit, config, config.cache.grantOn, made.operator);
  new RoleAssignment(unit, 'external_secrets_read', {
    scope: config.secrets.store,
    roleDefinitionName: 'Key Vault Secrets User',
    principalId: made.externalSecrets.principalId,
    principalType: 'ServicePrincipal',
  });
  const annotate = (worker: PlaneWorker) => ({ 'azure.workload.identity/client-id': made[worker].clientId });
  return {
    provider: 'aks',
    roles: config.roles,
    annotations: {
      operator: annotate('operator'),
      witness: annotate('witness'),
      externalSecrets: annotate('externalSecrets'),
    },
  };
}

function buildIdentity(unit: Construct, config: AzureIdentity, worker: PlaneWorker): UserAssignedIdentity {
  const [account = ''] = ACCOUNTS[worker];
  const id = account.replace(/-/g, '_');
  const namespace = namespaceOf(config.namespaces, worker);
  return buildWorkloadIdentity(
    unit,
    { identity: id, credential: `${id}_credential` },
    { ...config, namespace, account },
  );
}

interface Grant {
  readonly scope: string;
  readonly role: AzureRole;
  readonly condition?: string;
}

function grant(unit: Construct, { roles }: AzureIdentity, id: string, to: UserAssignedIdentity, given: Grant): void {
  new RoleAssignment(unit, id, {
    scope: given.scope,
    roleDefinitionId: roles[given.role] ?? '',
    principalId: to.principalId,
    principalType: 'ServicePrincipal',
    ...(given.condition === undefined ? {} : { condition: given.condition, conditionVersion: '2.0' }),
  });
}

/** It makes keys without using them, and hands out our roles to tenants' identities and to nobody else. */
function letOperatorWork(unit: Construct, config: AzureIdentity, operator: UserAssignedIdentity): void {
  const { keys, buckets, site } = config;
  const give = (id: string, given: Grant) => grant(unit, config, `operator_${id}`, operator, given);
  for (const [id, { grantOn: scope }] of Object.entries({ tenant: keys.tenant, tenant_replica: keys.tenantReplica })) {
    give(`keys_of_${id}`, { scope, role: 'tenantKeyAdmin' });
    admit(unit, config, `vault_${id}`, scope, operator);
  }
  for (const [name, { grantOn: scope }] of Object.entries(buckets)) {
    if (name.startsWith('keys')) give(`on_${name}`, { scope, role: 'keyring' });
    if (name === 'artifacts' || name === 'backups')
      give(`on_${name}`, { scope, role: 'reaper', condition: LISTS_ONLY });
    admit(unit, config, name, scope, operator);
  }
  if (config.queue !== undefined) admit(unit, config, 'queue', config.queue.grantOn, operator);
  const group = `/subscriptions/${site.subscriptionId}/resourceGroups/${site.resourceGroup}`;
  give('identities', { scope: group, role: 'tenantIdentities' });
}

/** The right to assign, bounded by a condition: which roles, to which kind of principal, never to itself. */
function admit(
  unit: Construct,
  { roles }: AzureIdentity,
  id: string,
  scope: string,
  { principalId }: UserAssignedIdentity,
): void {
  new RoleAssignment(unit, `operator_admits_to_${id}`, {
    scope,
    roleDefinitionName: 'Role Based Access Control Administrator',
    principalId,
    principalType: 'ServicePrincipal',
    condition: tenantsOnly(roles, principalId),
    conditionVersion: '2.0',
  });
}

/** Azure's only policy of the cache: everything. A narrower one, by prefix, it does not sell. */
const CACHE_POLICY = 'default';
const CACHE_API = '2025-04-01';

/**
 * The cache has no passwords, so nobody connects who has no assignment. This provider has none to make, hence a
 * template; tenants' identities get theirs from the operator, when it makes them.
 */
function letConnect(
  unit: Construct,
  { site, name, tags }: AzureIdentity,
  cache: string,
  { principalId }: UserAssignedIdentity,
): void {
  const assignment = {
    type: 'Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments',
    apiVersion: CACHE_API,
    name: "[concat(parameters('cache'), '/default/operator')]",
    properties: { accessPolicyName: CACHE_POLICY, user: { objectId: "[parameters('objectId')]" } },
  };
  new ResourceGroupTemplateDeployment(unit, 'operator_uses_cache', {
    name: `${name}-operator-uses-cache`,
    resourceGroupName: site.resourceGroup,
    deploymentMode: 'Incremental',
    templateContent: JSON.stringify({
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      parameters: { cache: { type: 'string' }, objectId: { type: 'string' } },
      resources: [assignment],
    }),
    parametersContent: JSON.stringify({
      cache: { value: Fn.element(Fn.split('/', cache), NAME_IN_ID) },
      objectId: { value: principalId },
    }),
    tags: buildTags('azure', tags, 'identity'),
  });
}

/** `/subscriptions/…/redisEnterprise/<name>`, of which the split begins with nothing. */
const NAME_IN_ID = 8;

/** It also raises the retention of what tenants wrote to their own date: their writers may not touch a policy. */
function letWitnessSign(unit: Construct, config: AzureIdentity, witness: UserAssignedIdentity): void {
  const audit = config.buckets.audit.grantOn;
  const give = (id: string, given: Grant) => grant(unit, config, `witness_${id}`, witness, given);
  give('appends', { scope: audit, role: 'auditAppend' });
  give('extends', { scope: audit, role: 'retentionExtender' });
  give('signs', { scope: config.keys.anchor.grantOn, role: 'anchorSign' });
}
