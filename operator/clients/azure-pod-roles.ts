import type { AzureIdentities } from './azure-identities.js';
import type { AzureManagement } from './azure-management.js';
import { Lately } from './lately.js';
import { type Annotations, binding, type PodRoles, type PodTenant } from './pod-roles.js';

/** What the identity of a tenant may do in its folder of one container. */
export interface ContainerGrant {
  /** The container's resource id. */
  readonly scope: string;
  readonly folder: (namespace: string) => string;
  /** Id of the role's definition. */
  readonly role: string;
}

export interface AzurePodRolesOptions {
  readonly grants: readonly ContainerGrant[];
  readonly identities: AzureIdentities;
  readonly management: AzureManagement;
}

const FORBIDDEN =
  "assign the operator's identity the role tenantIdentities on the group of identities, and let it assign ours on the containers, as the plane's stack does";

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const BOUNDED = ['read', 'write', 'add/action', 'delete', 'tags/write'];

/** Whatever the role allows ends at the tenant's folder; so does listing, of which nobody asks by a path. */
export const withinFolder = (folder: string): string => {
  const others = BOUNDED.map((verb) => `!(ActionMatches{'${BLOBS}/${verb}'})`).join(' AND ');
  return `((${others}) OR (@Resource[${BLOBS}:path] StringStartsWith '${folder}'))`;
};

/** Workload identity: the tenant's service accounts become its own identity, which may enter the tenant's folders. */
export class AzurePodRoles implements PodRoles {
  readonly #options: AzurePodRolesOptions;
  readonly #bound = new Lately<Annotations>();

  constructor(options: AzurePodRolesOptions) {
    this.#options = options;
  }

  async bind({ tenantId, namespace }: PodTenant): Promise<Annotations> {
    const known = this.#bound.found(tenantId, namespace);
    if (known !== undefined) return known;
    const { identities, management, grants } = this.#options;
    const annotations = await binding(`make the identity of the pods of ${namespace}`, FORBIDDEN, async () => {
      const { principalId, clientId } = await identities.ensure(tenantId);
      for (const { scope, role, folder } of grants) {
        await management.assign({ scope, role, principalId, condition: withinFolder(folder(namespace)) });
      }
      // Last: nobody becomes the identity before it is bounded.
      await identities.federate(tenantId, namespace);
      return { 'azure.workload.identity/client-id': clientId };
    });
    return this.#bound.note(tenantId, annotations, namespace);
  }

  /** Its assignments first: those of an identity that is gone stay, and count. */
  async unbind({ tenantId, namespace }: PodTenant): Promise<void> {
    this.#bound.forget(tenantId);
    const { identities, management, grants } = this.#options;
    await binding(`end the identity of the pods of ${namespace}`, FORBIDDEN, async () => {
      const identity = await identities.find(tenantId);
      if (identity === undefined) return;
      const { principalId } = identity;
      for (const { scope, role } of grants) await management.withdraw({ scope, role, principalId });
      await identities.remove(tenantId);
    });
  }
}
