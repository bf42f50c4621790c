import { ContainerRegistry } from '@cdktf/provider-azurerm/lib/container-registry/index.js';
import { ContainerRegistryCacheRule } from '@cdktf/provider-azurerm/lib/container-registry-cache-rule/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { RegistryOutput, ResolvedRegistry } from './contract.js';

type AzureRegistry = ResolvedRegistry<AzureSite>;

/** Premium: the tiers below it have neither keys of ours nor private endpoints. Tags cannot be made immutable here. */
export function buildAzureRegistry(unit: Construct, config: AzureRegistry): RegistryOutput {
  const { site, name, tags, key, untaggedDays } = config;
  const place = { resourceGroupName: site.resourceGroup, location: site.region };
  const identity = new UserAssignedIdentity(unit, 'identity', {
    ...place,
    name: `${name}-key`,
    tags: buildTags('azure', tags, 'objects'),
  });
  const mayWrap = new RoleAssignment(unit, 'may_wrap', {
    scope: key.grantOn,
    roleDefinitionName: 'Key Vault Crypto Service Encryption User',
    principalId: identity.principalId,
  });
  const registry = new ContainerRegistry(unit, 'images', {
    ...place,
    name: checkName('azure', 'registry', name),
    sku: 'Premium',
    zoneRedundancyEnabled: true,
    adminEnabled: false,
    anonymousPullEnabled: false,
    publicNetworkAccessEnabled: false,
    // Nobody carries images to a registry of another tenant.
    exportPolicyEnabled: false,
    networkRuleBypassOption: 'AzureServices',
    retentionPolicyInDays: untaggedDays,
    identity: { type: 'UserAssigned', identityIds: [identity.id] },
    encryption: [{ identityClientId: identity.clientId, keyVaultKeyId: key.id }],
    tags: buildTags('azure', tags, 'objects'),
    dependsOn: [mayWrap, ...key.ready],
    lifecycle: GUARDED,
  });
  const mirrors = buildMirrors(unit, config, registry);
  return { prefix: registry.loginServer, id: registry.id, address: addressOf(registry), mirrors };
}

function buildMirrors(
  unit: Construct,
  { mirrors }: AzureRegistry,
  { id, loginServer }: ContainerRegistry,
): RegistryOutput['mirrors'] {
  for (const { host, label } of mirrors) {
    new ContainerRegistryCacheRule(unit, `mirror_${label.replace('-', '_')}`, {
      name: `mirror-${label}`,
      containerRegistryId: id,
      sourceRepo: `${host}/*`,
      targetRepo: `${label}/*`,
    });
  }
  return Object.fromEntries(mirrors.map(({ host, label }) => [host, `${loginServer}/${label}`]));
}
