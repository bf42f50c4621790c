import { SERVICE_ACCOUNTS } from '../../charts/manifests/names.js';
import type { MemoryPlane } from '../api/v1alpha1/types.js';
import { EksPodRoles } from '../clients/eks-pod-roles.js';
import type { PodRoles } from '../clients/pod-roles.js';
import { done, type Outcome, stalled } from '../runtime/outcome.js';

/**
 * Where tenants share one KMS key, EKS Pod Identity is what has to be told a tenant; undefined: nobody has. A role a service
 * account is an annotation (`serviceAccounts`). Where tenants have a key each, see `TenantClouds`.
 */
export class TenantRolesOf {
  readonly #open = new Map<string, EksPodRoles>();

  of({ metadata, spec }: MemoryPlane): Outcome<PodRoles | undefined> {
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
    const roles = {
      [memory]: tenantRoleARN,
      [restore]: tenantRoleARN,
      ...(backupRoleARN === undefined ? {} : { [backup]: backupRoleARN }),
      ...(auditRoleARN === undefined ? {} : { [audit]: auditRoleARN }),
    };
    return done(pods.becoming(roles));
  }
}
