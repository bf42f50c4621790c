import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { podToken } from '../clients/cloud-identity.js';
import { type FolderGrant, GooglePodRoles } from '../clients/google-pod-roles.js';
import { GoogleTenantKms } from '../clients/google-tenant-kms.js';
import { type CloudAccess, type Demand, KEY_USERS, type TenantCloud } from './tenant-cloud.js';

export function openGooglePlane(spec: MemoryPlane['spec'], access: CloudAccess, demand: Demand): TenantCloud {
  const { kms, identity } = spec;
  demand('identity.provider', identity?.provider === 'gke' ? 'gke' : undefined);
  const number = demand('identity.projectNumber', identity?.projectNumber);
  const pool = demand('identity.workloadPool', identity?.workloadPool);
  const pools = `principal://iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/${pool}`;
  const members = (namespace: string): readonly string[] =>
    KEY_USERS.map((account) => `${pools}/subject/ns/${namespace}/sa/${account}`);
  const token = podToken('gcp', access.identity ?? {});
  const { keyID: ring, protection, rotationDays, deletionWindowDays } = kms;
  const { endpoint } = access;
  return {
    kms: new GoogleTenantKms({ ring, protection, rotationDays, deletionWindowDays, members, token, endpoint }),
    roles: new GooglePodRoles({ grants: grantsOf(spec, demand), members, token }),
  };
}

function grantsOf({ buckets, identity }: MemoryPlane['spec'], demand: Demand): readonly FolderGrant[] {
  const { keyringUse, artifactsUse } = identity?.tenantRoles ?? {};
  const grants: FolderGrant[] = [];
  if (buckets.keys.provider === 'gcs') {
    const role = demand('identity.tenantRoles.keyringUse', keyringUse);
    const { name: bucket, endpoint } = buckets.keys;
    grants.push({ bucket, endpoint, role, folder: (namespace) => `keys/${namespace}/` });
  }
  if (buckets.artifacts?.provider === 'gcs') {
    const role = demand('identity.tenantRoles.artifactsUse', artifactsUse);
    const { name: bucket, endpoint } = buckets.artifacts;
    grants.push({ bucket, endpoint, role, folder: (namespace) => `${namespace}/` });
  }
  return grants;
}
