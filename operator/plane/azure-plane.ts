import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { AzureIdentities } from '../clients/azure-identities.js';
import { AzureManagement } from '../clients/azure-management.js';
import { AzurePodRoles, type ContainerGrant } from '../clients/azure-pod-roles.js';
import { AzureTenantKms } from '../clients/azure-tenant-kms.js';
import { podToken } from '../clients/cloud-identity.js';
import { type CloudAccess, type Demand, KEY_USERS, type TenantCloud } from './tenant-cloud.js';

export function openAzurePlane(spec: MemoryPlane['spec'], access: CloudAccess, demand: Demand): TenantCloud {
  const { kms, identity } = spec;
  demand('identity.provider', identity?.provider === 'aks' ? 'aks' : undefined);
  const { identity: pod = {}, endpoint } = access;
  const management = new AzureManagement({ token: podToken('azure', pod, 'https://management.azure.com'), endpoint });
  const unwrapRole = demand('identity.unwrapRoleID', identity?.unwrapRoleID);
  const identities = new AzureIdentities({
    management,
    // A role's id begins with the subscription, and the identities are in the same one.
    group: `${/^\/subscriptions\/[^/]+/.exec(unwrapRole)?.[0] ?? ''}/resourceGroups/${demand('identity.resourceGroup', identity?.resourceGroup)}`,
    location: demand('identity.location', identity?.location ?? spec.buckets.keys.region),
    issuer: demand('identity.issuerURL', identity?.issuerURL),
    accounts: KEY_USERS,
  });
  const { keyID: vaultUri, protection, rotationDays } = kms;
  const vaultScope = demand('identity.scopes.tenantVault', identity?.scopes?.tenantVault);
  const token = podToken('azure', pod);
  return {
    kms: new AzureTenantKms({
      ...{ vaultUri, vaultScope, unwrapRole, protection, rotationDays },
      ...{ identities, management, token, endpoint },
    }),
    roles: new AzurePodRoles({ grants: grantsOf(spec, demand), identities, management }),
  };
}

function grantsOf({ buckets, identity }: MemoryPlane['spec'], demand: Demand): readonly ContainerGrant[] {
  const { keyringUse, artifactsUse } = identity?.tenantRoles ?? {};
  const { keys, artifacts } = identity?.scopes ?? {};
  const grants: ContainerGrant[] = [];
  if (buckets.keys.provider === 'azure') {
    const role = demand('identity.tenantRoles.keyringUse', keyringUse);
    const scope = demand('identity.scopes.keys', keys);
    grants.push({ scope, role, folder: (namespace) => `keys/${namespace}/` });
  }
  if (buckets.artifacts?.provider === 'azure') {
    const role = demand('identity.tenantRoles.artifactsUse', artifactsUse);
    const scope = demand('identity.scopes.artifacts', artifacts);
    grants.push({ scope, role, folder: (namespace) => `${namespace}/` });
  }
  return grants;
}
