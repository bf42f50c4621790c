import { TENANT_LABEL } from '../../../../charts/manifests/names.js';
import type { KubeClient, LiveObject } from '../../../clients/kube.js';
import { RESOURCES } from '../../../clients/kube-resources.js';
import type { AccountAnnotations, PodTenant } from '../../../clients/pod-roles.js';
import type { TenantStores } from '../phase.js';
import { namespaceRef } from './observe.js';

/** Everything in it goes with it. The uid keeps a namespace that was made anew meanwhile. */
export async function deleteNamespace(kube: KubeClient, { metadata }: LiveObject): Promise<void> {
  if (metadata.deletionTimestamp !== undefined) return;
  await kube.delete(namespaceRef(metadata.name), { uid: metadata.uid });
}

/** What a tenant has outside its namespace: who may edit its MemoryTenant. */
export async function deleteRights(kube: KubeClient, tenant: string): Promise<void> {
  for (const resource of [RESOURCES.clusterRoleBindings, RESOURCES.clusterRoles]) {
    const { items } = await kube.list(resource, { labelSelector: `${TENANT_LABEL}=${tenant}` });
    for (const { metadata } of items) await kube.delete({ resource, name: metadata.name }, { uid: metadata.uid });
  }
}

/** Before the first pod starts: one without its role would fail until it is made anew. */
export const bindRoles = async ({ roles }: TenantStores, tenant: PodTenant): Promise<AccountAnnotations> =>
  (await roles?.bind(tenant)) ?? {};

/** After the last pod ended: whoever takes the name next starts without. */
export async function unbindRoles({ roles }: TenantStores, tenant: PodTenant): Promise<undefined> {
  await roles?.unbind(tenant);
}
