import { SERVICE_ACCOUNTS } from '../../charts/manifests/names.js';
import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { AzureIdentities, type AzureIdentitiesOptions } from '../clients/azure-identities.js';
import { AzureManagement } from '../clients/azure-management.js';
import { AzurePodRoles, type AzureWorker, type ContainerGrant } from '../clients/azure-pod-roles.js';
import { AzureTenantKms } from '../clients/azure-tenant-kms.js';
import { podToken } from '../clients/cloud-identity.js';
import { ARCHIVER, type CloudAccess, type Demand, KEY_USERS, type TenantCloud } from './tenant-cloud.js';

export function openAzurePlane(spec: MemoryPlane['spec'], access: CloudAccess, demand: Demand): TenantCloud {
  const { kms, identity } = spec;
  demand('identity.provider', identity?.provider === 'aks' ? 'aks' : undefined);
  const { identity: pod = {}, endpoint } = access;
  const management = new AzureManagement({ token: podToken('azure', pod, 'https://management.azure.com'), endpoint });
  const unwrapRole = demand('identity.unwrapRoleID', identity?.unwrapRoleID);
  const made = {
    management,
    // A role's id begins with the subscription, and the identities are in the same one.
    group: `${/^\/subscriptions\/[^/]+/.exec(unwrapRole)?.[0] ?? ''}/resourceGroups/${demand('identity.resourceGroup', identity?.resourceGroup)}`,
    location: demand('identity.location', identity?.location ?? spec.buckets.keys.region),
    issuer: demand('identity.issuerURL', identity?.issuerURL),
  };
  const identities = new AzureIdentities({ ...made, accounts: KEY_USERS });
  const { keyID: vaultUri, protection, rotationDays } = kms;
  const vaultScope = demand('identity.scopes.tenantVault', identity?.scopes?.tenantVault);
  const token = podToken('azure', pod);
  return {
    kms: new AzureTenantKms({
      ...{ vaultUri, vaultScope, unwrapRole, protection, rotationDays },
      ...{ identities, management, token, endpoint },
    }),
    roles: new AzurePodRoles({
      workers: [
        { account: SERVICE_ACCOUNTS.memory, identities, grants: grantsOf(spec, demand) },
        ...archiversOf(spec, demand, made),
      ],
      management,
    }),
  };
}

/** An identity beside the tenant's own, so that who writes records opens no keyring and who opens it writes none. */
function archiversOf(
  { buckets, identity }: MemoryPlane['spec'],
  demand: Demand,
  made: Omit<AzureIdentitiesOptions, 'accounts' | 'purpose'>,
): readonly AzureWorker[] {
  if (buckets.audit?.provider !== 'azure') return [];
  const role = demand('identity.tenantRoles.auditAppend', identity?.tenantRoles?.auditAppend);
  const scope = demand('identity.scopes.audit', identity?.scopes?.audit);
  const identities = new AzureIdentities({ ...made, accounts: [ARCHIVER], purpose: ARCHIVER });
  return [{ account: ARCHIVER, identities, grants: [{ scope, role, folder: (namespace) => `${namespace}/` }] }];
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
