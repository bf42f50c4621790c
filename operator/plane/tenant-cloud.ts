import { SERVICE_ACCOUNTS } from '../../charts/manifests/names.js';
import type { PodIdentity } from '../clients/cloud-identity.js';
import type { TenantKms } from '../clients/kms.js';
import type { PodRoles } from '../clients/pod-roles.js';

/** How the operator itself asks the clouds. */
export interface CloudAccess {
  readonly identity?: PodIdentity;
  /** In the place of every address of theirs but buckets', which have their own: a private endpoint, a stand-in. */
  readonly endpoint?: string | undefined;
}

/** Where each tenant has a KMS key, and rights of its pods, of its own. */
export interface TenantCloud {
  readonly kms: TenantKms;
  readonly roles: PodRoles;
}

/** Notes a field that is not there, so that all of them are told at once. */
export type Demand = (field: string, value: string | undefined) => string;

/** Of the service accounts of a tenant, those that open its keyring. */
export const KEY_USERS: readonly string[] = [SERVICE_ACCOUNTS.memory, SERVICE_ACCOUNTS.restore];

/** The one that puts the log under lock, and opens nothing. */
export const ARCHIVER: string = SERVICE_ACCOUNTS.audit;
