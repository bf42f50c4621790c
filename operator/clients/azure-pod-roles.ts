import type { AzureIdentities } from './azure-identities.js';
import type { AzureManagement } from './azure-management.js';
import { Lately } from './lately.js';
import { type AccountAnnotations, binding, type PodRoles, type PodTenant } from './pod-roles.js';

/** What the identity of a tenant may do in its folder of one container. */
export interface ContainerGrant {
  /** The container's resource id. */
  readonly scope: string;
  readonly folder: (namespace: string) => string;
  /** Id of the role's definition. */
  readonly role: string;
}

/** One of a tenant's identities, the account that is annotated with it, and what it may do. */
export interface AzureWorker {
  readonly account: string;
  readonly identities: AzureIdentities;
  readonly grants: readonly ContainerGrant[];
}

export interface AzurePodRolesOptions {
  readonly workers: readonly AzureWorker[];
  readonly management: AzureManagement;
}

const FORBIDDEN =
  "assign the operator's identity the role tenantIdentities on the group of identities, and let it assign ours on the containers, as the plane's stack does";

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const BOUNDED = ['read', 'write', 'add/action', 'delete', 'tags/write', 'immutableStorage/runAsSuperUser/action'];

/** Whatever the role allows ends at the tenant's folder; so does listing, of which nobody asks by a path. */
export const withinFolder = (folder: string): string => {
  const others = BOUNDED.map((verb) => `!(ActionMatches{'${BLOBS}/${verb}'})`).join(' AND ');
  return `((${others}) OR (@Resource[${BLOBS}:path] StringStartsWith '${folder}'))`;
};

/** Workload identity: the tenant's service accounts become its own identities, which may enter the tenant's folders. */
export class AzurePodRoles implements PodRoles {
  readonly #options: AzurePodRolesOptions;
  readonly #bound = new Lately<AccountAnnotations>();

  constructor(options: AzurePodRolesOptions) {
    this.#options = options;
  }

  async bind(tenant: PodTenant): Promise<AccountAnnotations> {
    const { tenantId, namespace } = tenant;
    const known = this.#bound.found(tenantId, namespace);
    if (known !== undefined) return known;
    const annotations: Record<string, Readonly<Record<string, string>>> = {};
    for (const worker of this.#options.workers) {
      annotations[worker.account] = await binding(`make the identity of the pods of ${namespace}`, FORBIDDEN, () =>
        this.#make(worker, tenant),
      );
    }
    return this.#bound.note(tenantId, annotations, namespace);
  }

  /** Their assignments first: those of an identity that is gone stay, and count. */
  async unbind({ tenantId, namespace }: PodTenant): Promise<void> {
    this.#bound.forget(tenantId);
    const { workers, management } = this.#options;
    await binding(`end the identity of the pods of ${namespace}`, FORBIDDEN, async () => {
      for (const { identities, grants } of workers) {
        const identity = await identities.find(tenantId);
        if (identity === undefined) continue;
        const { principalId } = identity;
        for (const { scope, role } of grants) await management.withdraw({ scope, role, principalId });
        await identities.remove(tenantId);
      }
    });
  }

  async #make({ identities, grants }: AzureWorker, { tenantId, namespace }: PodTenant) {
    const { principalId, clientId } = await identities.ensure(tenantId);
    for (const { scope, role, folder } of grants) {
      const condition = withinFolder(folder(namespace));
      await this.#options.management.assign({ scope, role, principalId, condition });
    }
    // Last: nobody becomes the identity before it is bounded.
    await identities.federate(tenantId, namespace);
    return { 'azure.workload.identity/client-id': clientId };
  }
}
