import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { podToken } from '../clients/cloud-identity.js';
import { type FolderGrant, GooglePodRoles } from '../clients/google-pod-roles.js';
import { GoogleTenantKms } from '../clients/google-tenant-kms.js';
import { ARCHIVER, type CloudAccess, type Demand, KEY_USERS, type TenantCloud } from './tenant-cloud.js';

export function openGooglePlane(spec: MemoryPlane['spec'], access: CloudAccess, demand: Demand): TenantCloud {
  const { kms, identity } = spec;
  demand('identity.provider', identity?.provider === 'gke' ? 'gke' : undefined);
  const number = demand('identity.projectNumber', identity?.projectNumber);
  const pool = demand('identity.workloadPool', identity?.workloadPool);
  const pools = `principal://iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/${pool}`;
  const principals: Principals = (namespace, accounts) =>
    accounts.map((account) => `${pools}/subject/ns/${namespace}/sa/${account}`);
  const members = (namespace: string): readonly string[] => principals(namespace, KEY_USERS);
  const token = podToken('gcp', access.identity ?? {});
  const { keyID: ring, protection, rotationDays, deletionWindowDays } = kms;
  const { endpoint } = access;
  return {
    kms: new GoogleTenantKms({ ring, protection, rotationDays, deletionWindowDays, members, token, endpoint }),
    roles: new GooglePodRoles({ grants: grantsOf(spec, demand, principals), token }),
  };
}

type Principals = (namespace: string, accounts: readonly string[]) => readonly string[];

function grantsOf(
  { buckets, identity }: MemoryPlane['spec'],
  demand: Demand,
  principals: Principals,
): readonly FolderGrant[] {
  const { keyringUse, artifactsUse, auditAppend } = identity?.tenantRoles ?? {};
  const members = (namespace: string): readonly string[] => principals(namespace, KEY_USERS);
  const grants: FolderGrant[] = [];
  if (buckets.keys.provider === 'gcs') {
    const role = demand('identity.tenantRoles.keyringUse', keyringUse);
    const { name: bucket, endpoint } = buckets.keys;
    grants.push({ bucket, endpoint, role, members, folder: (namespace) => `keys/${namespace}/` });
  }
  if (buckets.artifacts?.provider === 'gcs') {
    const role = demand('identity.tenantRoles.artifactsUse', artifactsUse);
    const { name: bucket, endpoint } = buckets.artifacts;
    grants.push({ bucket, endpoint, role, members, folder: (namespace) => `${namespace}/` });
  }
  if (buckets.audit?.provider === 'gcs') {
    const role = demand('identity.tenantRoles.auditAppend', auditAppend);
    const { name: bucket, endpoint } = buckets.audit;
    const archivers = (namespace: string): readonly string[] => principals(namespace, [ARCHIVER]);
    grants.push({ bucket, endpoint, role, members: archivers, folder: (namespace) => `${namespace}/` });
  }
  return grants;
}
