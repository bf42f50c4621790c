import { SERVICE_ACCOUNTS } from '../../charts/manifests/names.js';
import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { EksPodRoles } from '../clients/eks-pod-roles.js';
import type { PodRoles, Roles } from '../clients/pod-roles.js';
import { done, type Outcome, stalled } from '../runtime/outcome.js';

/** Who tenants' pods become, where somebody has to be told; undefined: nobody has. */
export interface TenantRoles {
  readonly pods: PodRoles;
  readonly roles: Roles;
}

/**
 * Of the mechanisms of the clouds, EKS Pod Identity is the one that this operator sets up a tenant. A role a service
 * account is an annotation (`serviceAccounts`); what is a tenant's own on other clouds is made by the platform.
 */
export class TenantRolesOf {
  readonly #open = new Map<string, PodRoles>();

  of({ metadata, spec }: MemoryPlane): Outcome<TenantRoles | undefined> {
    const { identity } = spec;
    if (identity?.provider !== 'eks-pod-identity') return done(undefined);
    const { clusterName, tenantRoleARN, backupRoleARN, auditRoleARN } = identity;
    if (clusterName === undefined || tenantRoleARN === undefined) {
      const field = clusterName === undefined ? 'clusterName' : 'tenantRoleARN';
      return stalled(
        'PlaneIncomplete',
        `spec.identity.${field} of MemoryPlane ${metadata.name} is unset, and eks-pod-identity needs it; memoryctl plane from-outputs writes it`,
      );
    }
    const region = /^arn:[\w-]+:kms:([\w-]+):/.exec(spec.kms.keyID)?.[1];
    const key = `${region}/${clusterName}`;
    const pods =
      this.#open.get(key) ?? new EksPodRoles({ name: clusterName, ...(region === undefined ? {} : { region }) });
    this.#open.set(key, pods);
    const { memory, restore, backup, audit } = SERVICE_ACCOUNTS;
    return done({
      pods,
      roles: {
        [memory]: tenantRoleARN,
        [restore]: tenantRoleARN,
        ...(backupRoleARN === undefined ? {} : { [backup]: backupRoleARN }),
        ...(auditRoleARN === undefined ? {} : { [audit]: auditRoleARN }),
      },
    });
  }
}
