import { FederatedIdentityCredential } from '@cdktf/provider-azurerm/lib/federated-identity-credential/index.js';
import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock/index.js';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group/index.js';
import { ResourceProviderRegistration } from '@cdktf/provider-azurerm/lib/resource-provider-registration/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { Construct } from 'constructs';
import { GUARDED } from '../support/guard.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { AccountConfig, AccountOutput, Pipeline } from './contract.js';

type AzureAccount = AccountConfig<AzureSite>;

/** What the units are made of; the provider is told not to register any by itself, because `deploy` may not. */
const PROVIDERS = [
  'Microsoft.Authorization',
  'Microsoft.Cache',
  'Microsoft.Compute',
  'Microsoft.ContainerRegistry',
  'Microsoft.ContainerService',
  'Microsoft.DBforPostgreSQL',
  'Microsoft.Insights',
  'Microsoft.KeyVault',
  'Microsoft.ManagedIdentity',
  'Microsoft.Monitor',
  'Microsoft.Network',
  'Microsoft.OperationalInsights',
  'Microsoft.ServiceBus',
  'Microsoft.Storage',
] as const;

const DISKS = 'EncryptionAtHost';

export function buildAzureAccount(unit: Construct, config: AzureAccount): AccountOutput<AzureSite> {
  const { site, pipeline } = config;
  for (const name of PROVIDERS) {
    const feature = name === 'Microsoft.Compute' ? [{ name: DISKS, registered: true }] : [];
    new ResourceProviderRegistration(unit, `provider_${name.replace('Microsoft.', '').toLowerCase()}`, {
      name,
      ...(feature.length === 0 ? {} : { feature }),
    });
  }
  const groups = buildGroups(unit, config);
  const deploy =
    pipeline === undefined ? site.deployPrincipalId : buildDeploy(unit, config, groups.bootstrap, pipeline);
  return {
    // References and not names: whatever is made in this place waits for its group, and for who may make it.
    site: { ...site, resourceGroup: groups.bootstrap.name, deployPrincipalId: deploy },
    deploy,
    byHand: [
      `az feature show --namespace Microsoft.Compute --name ${DISKS}: nodes wait until it says Registered`,
      'run this where the network lets you reach the vault and the account: neither answers on the internet',
      `give yourself Key Vault Crypto Officer and Storage Blob Data Contributor on ${config.groups.bootstrap} for that hour`,
      'set place.deployPrincipalId to the output principals.deploy, then synthesise vault and plane',
    ],
    ready: [groups.bootstrap],
  };
}

/** Vault and plane are made into these; the first two nobody deletes while the lock is there. */
function buildGroups(unit: Construct, { site, tags, groups }: AzureAccount) {
  const group = (id: keyof typeof groups) =>
    new ResourceGroup(unit, `group_${id}`, {
      name: groups[id],
      location: site.region,
      tags: buildTags('azure', tags, id),
      lifecycle: GUARDED,
    });
  const bootstrap = group('bootstrap');
  new ManagementLock(unit, 'group_bootstrap_lock', {
    name: groups.bootstrap,
    scope: bootstrap.id,
    lockLevel: 'CanNotDelete',
    notes: 'memplane: the states of every stack are in this group',
  });
  return { bootstrap, vault: group('vault'), plane: group('plane') };
}

function buildDeploy(
  unit: Construct,
  { site, name, tags }: AzureAccount,
  group: ResourceGroup,
  { issuer, subject }: Pipeline,
): string {
  const identity = new UserAssignedIdentity(unit, 'deploy', {
    name: `${name}-deploy`,
    resourceGroupName: group.name,
    location: site.region,
    tags: buildTags('azure', tags, 'account'),
  });
  new FederatedIdentityCredential(unit, 'pipeline', {
    name: 'pipeline',
    resourceGroupName: group.name,
    parentId: identity.id,
    audience: ['api://AzureADTokenExchange'],
    issuer,
    subject,
  });
  const everything = `/subscriptions/${site.subscriptionId}`;
  for (const [id, scope, roleDefinitionName] of [
    ['makes', everything, 'Contributor'],
    ['assigns', everything, 'Role Based Access Control Administrator'],
    ['locks', everything, 'Locks Contributor'],
    ['remembers', group.id, 'Storage Blob Data Contributor'],
  ] as const) {
    new RoleAssignment(unit, `deploy_${id}`, {
      scope,
      roleDefinitionName,
      principalId: identity.principalId,
      principalType: 'ServicePrincipal',
    });
  }
  return identity.principalId;
}
